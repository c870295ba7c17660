// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the program `wdbg` and starts it as a debug adapter.
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

/** The setting, else the first on PATH; undefined if there is none that can be run. */
export function findWdbg(): string | undefined {
    const setting = vscode.workspace.getConfiguration("wdbg").get<string>("path", "").trim();
    if (setting !== "") {
        return isProgram(setting) ? setting : undefined;
    }
    const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
    return folders.map((folder) => path.join(folder, "wdbg")).find(isProgram);
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
async function reportMissing(message: string): Promise<void> {
    const open = "Open Setting";
    if ((await vscode.window.showErrorMessage(message, open)) === open) {
        await vscode.commands.executeCommand("workbench.action.openSettings", "wdbg.path");
    }
}

export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
    createDebugAdapterDescriptor(): vscode.ProviderResult<vscode.DebugAdapterDescriptor> {
        const program = findWdbg();
        if (program === undefined) {
            const message = whatIsMissing();
            void reportMissing(message);
            throw new Error(message);
        }
        const log = vscode.workspace.getConfiguration("wdbg").get<string>("log", "").trim();
        return new vscode.DebugAdapterExecutable(program, log === "" ? ["dap"] : ["dap", `--log=${log}`]);
    }
}
