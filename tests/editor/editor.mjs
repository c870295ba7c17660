// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The editor in the browser: starting it (again, if it does not come up), acting until something shows, and
// what is told of a failure. All of a failure goes to stdout: a CI machine keeps nothing else.
import { createRequire } from "node:module";
import path from "node:path";

/** For one wait, in milliseconds: generous, because only a failure takes that long. */
export const LIMIT = Number(process.env.WDBG_EDITOR_LIMIT ?? 240) * 1000;
/** How often the editor's own start is tried. */
const STARTS = 3;
/** How long an action has time to show before it is done again, in milliseconds. */
const AGAIN = 10_000;
/** More of the browser's messages are not kept. */
const MESSAGES = 60;

let browser;
let page;
let output;
const messages = [];
const begun = Date.now();

export const begin = (name) => console.log(`editor: ${((Date.now() - begun) / 1000).toFixed(1)} s: ${name}`);
export const shot = (name) => page.screenshot({ path: path.join(output, `${name}.png`) });

const keepMessage = (text) => {
    messages.push(text.slice(0, 300));
    if (messages.length > MESSAGES) {
        messages.shift();
    }
};

/** One try: a browser of its own, the workbench, and the files of the folder in it. */
const tryToOpen = async (browserType, where) => {
    browser = await browserType.launch({
        executablePath: where.chromium,
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        timeout: LIMIT,
    });
    page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
    page.setDefaultTimeout(LIMIT);
    page.on("console", (message) => keepMessage(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => keepMessage(`page error: ${error.message}`));
    page.on("requestfailed", (request) => keepMessage(`request failed: ${request.url()} ${request.failure()?.errorText}`));
    await page.goto(new URL(`/?folder=${encodeURIComponent(where.project)}`, where.address).href, {
        timeout: LIMIT / 2,
        waitUntil: "domcontentloaded",
    });
    await page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first().waitFor({ timeout: LIMIT / 2 });
};

/** Takes where things are; gives the page with the folder's files shown. Fails after STARTS tries. */
export const openEditor = async (where) => {
    output = where.output;
    const { chromium: browserType } = createRequire(import.meta.url)(where.playwright);
    for (let attempt = 1; ; attempt++) {
        begin(`open the workbench (${attempt})`);
        try {
            await tryToOpen(browserType, where);
            return page;
        } catch (error) {
            console.log(`editor: the workbench does not open: ${error.message}`);
            await report(`start-${attempt}`);
            await close();
            if (attempt === STARTS) {
                throw error;
            }
        }
    }
};

export const close = async () => {
    await browser?.close().catch(() => {});
    browser = undefined;
};

const isShown = (locator, timeout) => locator.waitFor({ timeout }).then(() => true, () => false);

/** Acts until the element is shown: a slow editor loses keys and moves of the mouse. */
export const until = async (what, act, shown, again = AGAIN) => {
    const end = Date.now() + LIMIT;
    while (!(await shown.isVisible())) {
        if (Date.now() > end) {
            throw new Error(`${what} does not show within ${LIMIT / 1000} s`);
        }
        await act();
        if (await isShown(shown, again)) {
            return;
        }
    }
};

/** A click that may miss: for an action that is done again. */
export const click = (locator) => locator.click({ timeout: AGAIN }).catch(() => {});

/** Where an element is, once it does not move any more. */
export const settledBox = async (locator) => {
    const end = Date.now() + LIMIT;
    let last = "";
    while (Date.now() < end) {
        const box = await locator.boundingBox();
        if (box !== null && JSON.stringify(box) === last) {
            return box;
        }
        last = JSON.stringify(box);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
    throw new Error("an element does not come to rest");
};

export const textOfRows = () => page.evaluate(() => [...document.querySelectorAll(".pane-body .monaco-list-row, .repl .monaco-list-row")]
    .map((row) => row.textContent.trim().slice(0, 160)).join("\n")).catch((error) => error.message);

/** Tells on stdout what the editor looks like: its text, its messages, and a small picture. */
export const report = async (name) => {
    if (page === undefined) {
        return;
    }
    const limited = { timeout: 30_000 };
    await page.screenshot({ path: path.join(output, `${name}.png`), ...limited }).catch(() => {});
    const text = await page.locator("body").innerText(limited).catch((error) => error.message);
    console.log(`editor: what it shows:\n${text.replace(/\s*\n\s*/g, "\n").slice(0, 6000)}`);
    console.log(`editor: the browser's last messages:\n${messages.join("\n")}`);
    const picture = await page.screenshot({ type: "jpeg", quality: 25, ...limited }).catch(() => undefined);
    if (picture !== undefined) {
        console.log(`editor: ${name}.jpg (base64 -d): ${picture.toString("base64")}`);
    }
};
