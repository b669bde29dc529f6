// The status page in Chromium by playwright-core: each width and scheme, no script, by keyboard alone.
//
//   node browser.js PLAYWRIGHT CHROMIUM URL FILE FOLDER
//
// Prints a JSON array, one object for each look. Pictures of all of them are put into FOLDER.

const [playwright, executablePath, url, file, folder] = process.argv.slice(2);
const {chromium} = require(playwright);

async function look(width, colorScheme) {
  const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu']});
  try {
    const context = await browser.newContext({viewport: {width, height: 900}, colorScheme, javaScriptEnabled: false});
    const page = await context.newPage();
    const complaints = [];
    page.on('console', message => complaints.push(message.text()));
    await page.goto(url);
    const picture = name => page.screenshot({path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true});
    await picture('status');
    const sideways = await tooWide(page);
    // Links, then the file's field, then the button.
    for (let i = 0; i < 50 && !(await isFocused(page, '#file')); ++i) await page.keyboard.press('Tab');
    const reached = await isFocused(page, '#file');
    await page.setInputFiles('#file', file);  // the system's dialogue is no page's
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.verdict');
    await picture('appraisal');
    return {width, colorScheme, complaints, reached, sideways: sideways || await tooWide(page),
            verdict: await page.locator('.verdict strong').innerText()};
  } finally {
    await browser.close();
  }
}

async function isFocused(page, selector) {
  return await page.locator(`${selector}:focus`).count() === 1;
}

async function tooWide(page) {
  const box = await page.locator('main').boundingBox();
  const widths = await page.locator('main *').evaluateAll(all => all.map(each => each.getBoundingClientRect().right));
  return widths.some(right => right > box.x + box.width + 1);
}

(async () => {
  const all = [];
  for (const width of [1200, 360]) {
    for (const scheme of ['light', 'dark']) all.push(await look(width, scheme));
  }
  console.log(JSON.stringify(all));
})().catch(error => {
  console.error(error);
  process.exit(1);
});
