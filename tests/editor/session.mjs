// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session in the real editor: F5 without any launch.json, a breakpoint in the gutter, variables, hover,
// watch, call stack, step, console, restart, data breakpoint, stop. Each step waits for what the editor shows, never for a time.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { begin, click, close, LIMIT, openEditor, report, settledBox, shot, textOfRows, until } from "./editor.mjs";

const [playwright, chromium, address, project, output, gdbserver, wamr, compiled] = process.argv.slice(2);
const source = fs.readFileSync(path.join(project, "control.c"), "utf8").split("\n");
const lineOf = (marker) => source.findIndex((line) => line.trimEnd().endsWith(`BREAK: ${marker}`)) + 1;
const line = lineOf("steps-call");

const page = await openEditor({ playwright, chromium, address, project, output });
const variables = page.locator(".debug-variables .monaco-list-row");
const quickInput = page.locator(".quick-input-widget input[type=text]");
const callStack = (text) => page.locator(".debug-call-stack .monaco-list-row").filter({ hasText: text }).first();

const runCommand = async (title) => {
    await until(`the command list for "${title}"`, () => page.keyboard.press("F1"), quickInput);
    await quickInput.fill(`>${title}`);
    await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first().waitFor();
    await page.keyboard.press("Enter");
};
/** Starts debugging. With several debuggers for C the editor asks which one is meant. */
const start = async () => {
    await page.keyboard.press("F5");
    const choice = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "WebAssembly (wdbg)" }).first();
    const toolbar = page.locator(".debug-toolbar");
    await choice.or(toolbar).first().waitFor();
    if (await choice.isVisible()) {
        await choice.click();
    }
};
/** The one configuration of the folder's launch.json, from now on. */
const writeLaunch = (configuration) => {
    fs.mkdirSync(path.join(project, ".vscode"), { recursive: true });
    fs.writeFileSync(path.join(project, ".vscode", "launch.json"),
        JSON.stringify({ version: "0.2.0", configurations: [configuration] }));
};
const configurationShown = (name) => page.locator(".monaco-workbench .debug-configuration, .start-debug-action-item")
    .filter({ hasText: name }).first().waitFor({ state: "attached" });

const steps = {
    "open the source": async () => {
        const file = page.locator(".explorer-folders-view .monaco-list-row").filter({ hasText: "control.c" }).first();
        const tab = page.locator(".tab.active").filter({ hasText: "control.c" });
        await until("the tab of control.c", () => file.dblclick(), tab);
        await page.locator(".editor-instance .view-line").first().waitFor();
    },
    "breakpoint in the gutter": async () => {
        await until("the box for a line", () => page.keyboard.press("Control+g"), quickInput);
        await quickInput.fill(`:${line}`);
        await page.keyboard.press("Enter");
        const number = page.locator(".margin-view-overlays .line-numbers").filter({ hasText: new RegExp(`^\\s*${line}\\s*$`) });
        await number.waitFor();
        await page.locator(".statusbar-item").filter({ hasText: `Ln ${line},` }).waitFor();
        const box = await settledBox(number);
        const margin = await page.locator(".editor-instance .glyph-margin").first().boundingBox();
        const x = margin.x + margin.width / 2;
        // The hint comes once the editor knows from the extension that C can have breakpoints.
        await until("the hint of a breakpoint", async () => {
            await page.mouse.move(x, box.y + 2 * box.height);
            await page.mouse.move(x, box.y + box.height / 2);
        }, page.locator("[class*=codicon-debug-hint]").first(), 500);
        await page.mouse.click(x, box.y + box.height / 2);
        await page.locator("[class*=codicon-debug-breakpoint]").first().waitFor();
    },
    "F5": start,
    "stop at the breakpoint": async () => {
        await callStack("steps").waitFor();
        await callStack(`${line}:`).waitFor();
    },
    "variables": async () => {
        await variables.filter({ hasText: "start" }).filter({ hasText: "10" }).first().waitFor();
        const local = variables.filter({ hasText: /^a\s*=?\s*11/ }).first();
        const scope = variables.filter({ hasText: /^Locals/ }).first();
        await until("a local", () => scope.click(), local);
    },
    "hover": async () => {
        const text = page.locator(".view-line").filter({ hasText: "int a = start + 1;" }).first();
        const place = await settledBox(text);
        const width = await page.evaluate(() => {
            const probe = document.querySelector(".view-line > span");
            return probe.getBoundingClientRect().width / Math.max(1, probe.textContent.length);
        });
        // "start" begins at column 13 of the line.
        await until("the hover", async () => {
            await page.mouse.move(place.x + 400, place.y + 300);
            await page.mouse.move(place.x + width * 14.5, place.y + place.height / 2);
        }, page.locator(".debug-hover-widget").filter({ hasText: "10" }));
        await shot("hover");
        await page.mouse.move(place.x + 400, place.y + 300);
    },
    "watch": async () => {
        const box = page.locator(".debug-watch .monaco-inputbox input, .pane-body .expression .monaco-inputbox input").first();
        await until("the box for an expression", async () => {
            await page.locator(".pane-header").filter({ hasText: /Watch/i }).first().hover();
            await click(page.getByRole("button", { name: "Add Expression" }).first());
        }, box);
        await box.fill("start * 4 + a");
        await page.keyboard.press("Enter");
        await page.locator(".pane-body .monaco-list-row")
            .filter({ hasText: "start * 4 + a" }).filter({ hasText: "51" }).first().waitFor();
    },
    "console": async () => {
        await runCommand("Debug Console: Focus on Debug Console View");
        await page.locator(".repl-input-wrapper .monaco-editor.focused").waitFor();
        await page.keyboard.type("a * 100");
        await page.keyboard.press("Enter");
        await page.locator(".repl .monaco-list-row").filter({ hasText: "1100" }).first().waitFor();
        await shot("session");
    },
    "status line": async () => {
        await page.locator(".statusbar-item").filter({ hasText: "wdbg: control-O0.wasm (interp)" }).waitFor();
    },
    "step over": async () => {
        await page.keyboard.press("F10");
        await callStack(`${lineOf("steps-after")}:`).waitFor();
        await variables.filter({ hasText: /^b\s*=?\s*22/ }).first().waitFor();
    },
    "restart": async () => {
        await page.keyboard.press("Control+Shift+F5");
        await callStack(`${line}:`).waitFor();
    },
    "run to the end": async () => {
        await page.keyboard.press("F5");
        await page.locator(".repl .monaco-list-row").filter({ hasText: "control 5239" }).first().waitFor();
        await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
    },
    "data breakpoint": async () => {
        await page.locator(".tab.active").filter({ hasText: "control.c" }).click();
        await start();
        await callStack(`${line}:`).waitFor();
        const entry = page.locator(".monaco-menu .action-label").filter({ hasText: "Break on Value Change" }).first();
        const local = variables.filter({ hasText: /^b\s*=/ }).first();
        await until("a local", () => variables.filter({ hasText: /^Locals/ }).first().click(), local);
        await until("the variable's menu", () => local.click({ button: "right" }), entry);
        await until("the data breakpoint", async () => {
            await entry.hover();
            await page.keyboard.press("Enter");
        }, page.locator("[class*=codicon-debug-breakpoint-data]").first());
        await page.keyboard.press("F5");
        await callStack(`${lineOf("steps-after")}:`).waitFor();
        await page.locator(".pane-header").filter({ hasText: /Paused on data breakpoint/i }).first().waitFor();
        await variables.filter({ hasText: /^b\s*=?\s*22/ }).first().waitFor();
        await shot("data");
    },
    "stop": async () => {
        await page.keyboard.press("Shift+F5");
        await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
    },
    "native code": async () => {
        writeLaunch({
            type: "wdbg", request: "launch", name: "compiled", program: "${workspaceFolder}/control-O0.wasm", engine: "aot",
        });
        await configurationShown("compiled");
        await page.keyboard.press("F5");
        await callStack(`${line}:`).waitFor();
        // The arrow's row, and the nearest source line above it.
        const place = () => page.evaluate(() => {
            const rows = [...document.querySelectorAll(".view-line")];
            const arrow = rows.find((row) => row.textContent.startsWith("\u2192"));
            const top = (row) => parseFloat(row.style.top);
            const above = rows.filter((row) => row.parentElement === arrow?.parentElement && top(row) < top(arrow))
                .filter((row) => /^control\.c:\d+/.test(row.textContent)).sort((a, b) => top(b) - top(a));
            return above.length === 0 ? "" : above[0].textContent.match(/^control\.c:\d+/)[0];
        });
        const shows = async (what) => {
            const end = Date.now() + LIMIT;
            while (await place() !== what) {
                if (Date.now() > end) {
                    throw new Error(`the native code does not show ${what}, but "${await place()}"`);
                }
                await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
            }
        };
        await until("the native code", () => runCommand("wdbg: Show Native Code"),
            page.locator(".view-line").filter({ hasText: /^\u2192.*0x[0-9a-f]+$/ }).first());
        await shows(`control.c:${line}`);
        await shot("native");
        await page.keyboard.press("F10");
        await callStack(`${lineOf("steps-after")}:`).waitFor();
        await shows(`control.c:${lineOf("steps-after")}`);
        await page.keyboard.press("Shift+F5");
        await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
    },
    "a process behind gdbserver": async () => {
        const server = spawn(gdbserver, ["--once", "127.0.0.1:0", wamr, compiled]);
        process.once("exit", () => server.kill());
        const ended = new Promise((done) => server.once("exit", done));
        const port = await new Promise((done, failed) => {
            let told = "";
            server.stderr.on("data", (text) => {
                told += text;
                const match = told.match(/Listening on port (\d+)\n/);
                if (match) {
                    done(match[1]);
                }
            });
            ended.then(() => failed(new Error(`gdbserver ended: ${told}`)));
        });
        writeLaunch({
            type: "wdbg", request: "attach", name: "behind gdbserver", native: `127.0.0.1:${port}`,
            module: "${workspaceFolder}/control-O0.wasm", debugFile: `${compiled}.debug`,
            sourceMap: { [fileURLToPath(new URL("../fixtures/c", import.meta.url))]: "${workspaceFolder}" },
        });
        await configurationShown("behind gdbserver");
        await page.keyboard.press("F5");
        await callStack(`${line}:`).waitFor();
        await callStack("steps").waitFor();
        await variables.filter({ hasText: /^start\s*=?\s*10/ }).first().waitFor();
        await page.keyboard.press("F10");
        await callStack(`${lineOf("steps-after")}:`).waitFor();
        await shot("bridge");
        await page.keyboard.press("Shift+F5"); // leaves the process, which runs to its end
        await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
        await ended;
    },
    "LLDB's adapter": async () => {
        const configuration = {
            type: "wdbg", request: "launch", name: "by LLDB", adapter: "lldb-dap",
            program: "${workspaceFolder}/control-O0.wasm",
            sourceMap: { [fileURLToPath(new URL("../fixtures/c", import.meta.url))]: "${workspaceFolder}" },
        };
        writeLaunch(configuration);
        await configurationShown("by LLDB");
        await page.keyboard.press("F5");
        await callStack(`${line}:`).waitFor();
        await variables.filter({ hasText: /^a\s*=?\s*11/ }).first().waitFor();
        await page.keyboard.press("Shift+F5");
        await page.locator(".debug-toolbar").waitFor({ state: "hidden" });
        await shot("end");
    },
};

let current = "";
try {
    for (const [name, run] of Object.entries(steps)) {
        current = name;
        begin(name);
        await run();
    }
    console.log("editor: all steps passed");
} catch (error) {
    console.log(`editor: step "${current}" failed: ${error.message}`);
    console.log(`editor: the debug view's rows:\n${await textOfRows()}`);
    await report("failure");
    process.exitCode = 1;
} finally {
    await close();
}
