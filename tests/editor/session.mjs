// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session in the real editor: F5 without any launch.json, a breakpoint in the gutter, variables, hover,
// watch, call stack, step, console, restart, stop. Each step waits for what the editor shows, never for a time.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [playwrightPath, chromium, address, project, output] = process.argv.slice(2);
const { chromium: browserType } = createRequire(import.meta.url)(playwrightPath);
const LIMIT = 30_000;

const source = fs.readFileSync(path.join(project, "control.c"), "utf8").split("\n");
const lineOf = (marker) => source.findIndex((line) => line.trimEnd().endsWith(`BREAK: ${marker}`)) + 1;

const browser = await browserType.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1500, height: 950 } });
page.setDefaultTimeout(LIMIT);
let step = "start";
const begin = (name) => {
    step = name;
    console.log(`editor: ${name}`);
};
const shot = (name) => page.screenshot({ path: path.join(output, `${name}.png`) });

const runCommand = async (title) => {
    await page.keyboard.press("F1");
    const box = page.locator(".quick-input-widget input[type=text]");
    await box.waitFor();
    await box.fill(`>${title}`);
    await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    await page.keyboard.press("Enter");
};
/** Tries again until it is true. */
const until = async (condition) => {
    const end = Date.now() + LIMIT;
    while (!(await condition())) {
        if (Date.now() > end) {
            throw new Error("does not come true in time");
        }
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
};
/** Where an element is, once it does not move any more. */
const settledBox = async (locator) => {
    let last = "";
    for (;;) {
        const box = await locator.boundingBox();
        if (box !== null && JSON.stringify(box) === last) {
            return box;
        }
        last = JSON.stringify(box);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
};
try {
    begin("open the workbench");
    await page.goto(new URL(`/?folder=${encodeURIComponent(project)}`, address).href);
    await page.locator(".monaco-workbench .explorer-folders-view .monaco-list-row").first().waitFor();

    begin("open the source");
    await page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: "control.c" }).first().dblclick();
    await page.locator(".tab.active").filter({ hasText: "control.c" }).waitFor();
    await page.locator(".editor-instance .view-line").first().waitFor();

    begin("breakpoint in the gutter");
    const line = lineOf("steps-call");
    await page.keyboard.press("Control+g");
    const lineBox = page.locator(".quick-input-widget input[type=text]");
    await lineBox.fill(`:${line}`);
    await page.keyboard.press("Enter");
    const number = page.locator(".margin-view-overlays .line-numbers").filter({ hasText: new RegExp(`^\\s*${line}\\s*$`) });
    await number.waitFor();
    await page.locator(".statusbar-item").filter({ hasText: `Ln ${line},` }).waitFor();
    const box = await settledBox(number);
    const margin = await page.locator(".editor-instance .glyph-margin").first().boundingBox();
    // The hint comes once the editor knows from the extension that C can have breakpoints.
    const hint = page.locator("[class*=codicon-debug-hint]").first();
    await until(async () => {
        await page.mouse.move(margin.x + margin.width / 2, box.y + 2 * box.height);
        await page.mouse.move(margin.x + margin.width / 2, box.y + box.height / 2);
        return hint.isVisible();
    });
    await page.mouse.click(margin.x + margin.width / 2, box.y + box.height / 2);
    await page.locator("[class*=codicon-debug-breakpoint]").first().waitFor();

    begin("F5");
    await page.keyboard.press("F5");
    // With several debuggers for C the editor asks which one is meant.
    const choice = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "WebAssembly (wdbg)" });
    await Promise.race([choice.first().waitFor(), page.locator(".debug-toolbar").waitFor()]);
    if (await choice.first().isVisible()) {
        await choice.first().click();
    }

    begin("stop at the breakpoint");
    await page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: "steps" }).first().waitFor();
    await page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: `${line}:` }).first().waitFor();

    begin("variables");
    const variables = page.locator(".debug-variables .monaco-list-row");
    await variables.filter({ hasText: "start" }).filter({ hasText: "10" }).first().waitFor();
    await variables.filter({ hasText: /^Locals/ }).first().click();
    await variables.filter({ hasText: /^a\s*=?\s*11/ }).first().waitFor();

    begin("hover");
    const word = page.locator(".view-line span span").filter({ hasText: /^.*util_scale.*$/ }).first();
    await word.waitFor();
    const text = page.locator(".view-line").filter({ hasText: "int a = start + 1;" }).first();
    const place = await text.boundingBox();
    // "start" begins at column 13 of the line.
    const width = await page.evaluate(() => {
        const probe = document.querySelector(".view-line > span");
        return probe.getBoundingClientRect().width / Math.max(1, probe.textContent.length);
    });
    await page.mouse.move(place.x + width * 14.5, place.y + place.height / 2);
    await page.locator(".debug-hover-widget").filter({ hasText: "10" }).waitFor();
    await shot("hover");
    await page.mouse.move(place.x + 400, place.y + 300);

    begin("watch");
    await page.locator(".pane-header").filter({ hasText: /Watch/i }).first().hover();
    await page.getByRole("button", { name: "Add Expression" }).first().click();
    const watchBox = page.locator(".debug-watch .monaco-inputbox input, .pane-body .expression .monaco-inputbox input").first();
    await watchBox.waitFor();
    await watchBox.fill("start * 4 + a");
    await page.keyboard.press("Enter");
    await page.locator(".pane-body .monaco-list-row")
        .filter({ hasText: "start * 4 + a" }).filter({ hasText: "51" }).first().waitFor();

    begin("console");
    await runCommand("Debug Console: Focus on Debug Console View");
    await page.keyboard.type("a * 100");
    await page.keyboard.press("Enter");
    await page.locator(".repl .monaco-list-row").filter({ hasText: "1100" }).first().waitFor();
    await shot("session");

    begin("status line");
    await page.locator(".statusbar-item").filter({ hasText: "wdbg: control-O0.wasm (interp)" }).waitFor();

    begin("step over");
    await page.keyboard.press("F10");
    await page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: `${lineOf("steps-after")}:` }).first().waitFor();
    await variables.filter({ hasText: /^b\s*=?\s*22/ }).first().waitFor();

    begin("restart");
    await page.keyboard.press("Control+Shift+F5");
    await page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: `${line}:` }).first().waitFor();

    begin("run to the end");
    await page.keyboard.press("F5");
    await page.locator(".repl .monaco-list-row").filter({ hasText: "control 5239" }).first().waitFor();
    await page.locator(".debug-toolbar").waitFor({ state: "hidden" });

    begin("stop");
    await page.locator(".tab.active").filter({ hasText: "control.c" }).click();
    await page.keyboard.press("F5");
    await Promise.race([choice.first().waitFor(), page.locator(".debug-toolbar").waitFor()]);
    if (await choice.first().isVisible()) {
        await choice.first().click();
    }
    await page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: `${line}:` }).first().waitFor();
    await page.keyboard.press("Shift+F5");
    await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
    await shot("end");
    console.log("editor: all steps passed");
} catch (error) {
    console.error(`editor: step "${step}" failed: ${error.message}`);
    await shot("failure").catch(() => {});
    await runCommand("Notifications: Show Notifications").catch(() => {});
    await shot("failure-notifications").catch(() => {});
    process.exitCode = 1;
} finally {
    await browser.close();
}
