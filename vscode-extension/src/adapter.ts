// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the program `wdbg` and starts it as a debug adapter.
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { lldbDapNames, usesLldb } from "./lldb";

/** The setting, else the first on PATH; undefined if there is none that can be run. */
export function findWdbg(): string | undefined {
    const setting = vscode.workspace.getConfiguration("wdbg").get<string>("path", "").trim();
    if (setting !== "") {
        return isProgram(setting) ? setting : undefined;
    }
    return onPath("wdbg");
}

function onPath(name: string): string | undefined {
    const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
    return folders.map((folder) => path.join(folder, name)).find(isProgram);
}

/** LLDB's adapter: the setting, else the first of its names on PATH. */
function findLldbDap(): string | undefined {
    const setting = vscode.workspace.getConfiguration("wdbg").get<string>("lldbDap", "").trim();
    if (setting !== "") {
        return isProgram(setting) ? setting : undefined;
    }
    return lldbDapNames().map(onPath).find((program) => program !== undefined);
}

function isProgram(file: string): boolean {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}

function whatIsMissing(): string {
    const setting = vscode.workspace.getConfiguration("wdbg").get<string>("path", "").trim();
    return setting === ""
        ? "wdbg is not on PATH. Build it with scripts/build, which prints where it is, and set wdbg.path."
        : `wdbg.path is "${setting}", but that is no program that can be run.`;
}

/** Says so, and offers what helps. */
async function reportMissing(message: string, setting: string): Promise<void> {
    const open = "Open Setting";
    if ((await vscode.window.showErrorMessage(message, open)) === open) {
        await vscode.commands.executeCommand("workbench.action.openSettings", setting);
    }
}

function fail(message: string, setting: string): never {
    void reportMissing(message, setting);
    throw new Error(message);
}

export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
    createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.ProviderResult<vscode.DebugAdapterDescriptor> {
        if (usesLldb(session.configuration)) {
            const adapter = findLldbDap() ?? fail(
                "There is no lldb-dap of LLDB 22 or newer on PATH (Debian: lldb-22). Install it, or set wdbg.lldbDap.",
                "wdbg.lldbDap",
            );
            return new vscode.DebugAdapterExecutable(adapter, []);
        }
        const program = findWdbg() ?? fail(whatIsMissing(), "wdbg.path");
        const log = vscode.workspace.getConfiguration("wdbg").get<string>("log", "").trim();
        return new vscode.DebugAdapterExecutable(program, log === "" ? ["dap"] : ["dap", `--log=${log}`]);
    }
}
