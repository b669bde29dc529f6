// Pages in Chromium by playwright-core, without scripts: each width and scheme.
//
//   node look.js PLAYWRIGHT CHROMIUM FOLDER NAME=URL…
//
// Prints a JSON array, one object for each look: what sticks out sideways, what the browser complains of, what the page loads.
// Pictures of all of them are put into FOLDER.

const [playwright, executablePath, folder, ...pages] = process.argv.slice(2);
const {chromium} = require(playwright);

// Elements that are wider than the window; what scrolls by itself may hold more than it shows.
function sticksOut() {
  const scrolls = each => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX);
  const wide = [...document.querySelectorAll('body *')].filter(each => {
    for (let above = each.parentElement; above; above = above.parentElement) if (scrolls(above)) return false;
    return each.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
  });
  return wide.map(each => `${each.tagName.toLowerCase()}: ${each.textContent.trim().slice(0, 40)}`);
}

async function look(browser, name, url, width, colorScheme) {
  const context = await browser.newContext({viewport: {width, height: 900}, colorScheme, javaScriptEnabled: false,
                                            ignoreHTTPSErrors: true});
  const page = await context.newPage();
  const complaints = [], loads = [];
  page.on('console', message => complaints.push(message.text()));
  page.on('request', request => loads.push(request.url()));
  await page.goto(url);
  await page.screenshot({path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true});
  const sideways = await page.evaluate(`(${sticksOut})()`);
  await context.close();
  return {name, width, colorScheme, sideways, complaints, loads: loads.filter(each => each !== url)};
}

(async () => {
  const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu']});
  const all = [];
  for (const each of pages) {
    const at = each.indexOf('=');
    for (const width of [1200, 360]) {
      for (const scheme of ['light', 'dark']) all.push(await look(browser, each.slice(0, at), each.slice(at + 1), width, scheme));
    }
  }
  await browser.close();
  console.log(JSON.stringify(all));
})().catch(error => {
  console.error(error);
  process.exit(1);
});
