// Somebody who logs in: opens an address in Chromium, and does what its pages ask for, with a name and a password.
//
//   node login.js PLAYWRIGHT CHROMIUM SPKI NAME CODE URL
//
// SPKI is the digest of the one key that the browser believes besides those of the web. CODE is typed where a page wants
// one. Prints the title of each page, one a line.

const [playwright, executablePath, spki, name, code, url] = process.argv.slice(2);
const {chromium} = require(playwright);

async function fill(page) {
  for (const [field, text] of [['user_code', code], ['login', name], ['password', 'of this demo']]) {
    const found = page.locator(`input[name=${field}]:visible`);
    if (await found.count()) await found.fill(text);
  }
}

async function logIn(page) {
  await page.goto(url);
  for (let pages = 0; pages < 10; ++pages) {
    console.log(await page.title() || (await page.locator('body').innerText()).trim());
    await fill(page);
    const button = page.locator('button[type=submit]:not([name=abort]):visible').first();
    if (!await button.count()) return;
    await Promise.all([page.waitForEvent('load'), button.click()]);
  }
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${spki}`, '--disable-background-networking'],
  });
  try {
    const context = await browser.newContext();
    // The provider's pages want a font of somebody else's.
    await context.route(address => !['localhost', '127.0.0.1'].includes(address.hostname), route => route.abort());
    await logIn(await context.newPage());
  } finally {
    await browser.close();
  }
})().catch(error => {
  console.error(error);
  process.exit(1);
});
