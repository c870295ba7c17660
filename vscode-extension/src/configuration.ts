// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Configurations that are not in any launch.json, and those there that leave something out.
import * as path from "node:path";
import * as vscode from "vscode";
import { findWdbg } from "./adapter";
import { forLldb, usesLldb } from "./lldb";

const LANGUAGES = new Set(["c", "cpp", "rust", "zig", "wat"]);
const MODULES = "**/*.{wasm,aot}";
const EXCLUDED = "**/node_modules/**";
/** More are not offered for choice. */
const MOST = 200;

export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
    /** F5 without launch.json arrives here with an empty configuration. */
    async resolveDebugConfiguration(
        folder: vscode.WorkspaceFolder | undefined,
        config: vscode.DebugConfiguration,
    ): Promise<vscode.DebugConfiguration | undefined> {
        if (!config.type && !config.request) {
            if (!canDebug(vscode.window.activeTextEditor) && activeModule() === undefined) {
                void vscode.window.showErrorMessage("wdbg: open a C, C++, Rust or Zig file, or a .wasm file.");
                return undefined;
            }
            config.type = "wdbg";
            config.request = "launch";
            config.name = "Debug WebAssembly";
        }
        if (config.request === "launch" && !config.program) {
            config.program = await chooseModule(folder);
            if (config.program === undefined) {
                return undefined;
            }
        }
        if (config.request === "launch" && !config.cwd && folder !== undefined) {
            config.cwd = folder.uri.fsPath;
        }
        return config;
    }

    /** Last: what LLDB's adapter gets is in its own words. */
    resolveDebugConfigurationWithSubstitutedVariables(
        _folder: vscode.WorkspaceFolder | undefined,
        config: vscode.DebugConfiguration,
    ): vscode.DebugConfiguration {
        return usesLldb(config) ? forLldb(config, findWdbg() ?? "wdbg") : config;
    }

    /** For the list of the debug view and for a new launch.json. */
    async provideDebugConfigurations(
        folder: vscode.WorkspaceFolder | undefined,
    ): Promise<vscode.DebugConfiguration[]> {
        const modules = await findModules(folder);
        return modules.map((file) => launchOf(file, folder));
    }
}

function canDebug(editor: vscode.TextEditor | undefined): boolean {
    return editor !== undefined && LANGUAGES.has(editor.document.languageId);
}

/** A .wasm that is shown in an editor of its own. */
function activeModule(): string | undefined {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const uri = (input as { uri?: vscode.Uri } | undefined)?.uri;
    return uri !== undefined && /\.(wasm|aot)$/.test(uri.fsPath) ? uri.fsPath : undefined;
}

async function findModules(folder: vscode.WorkspaceFolder | undefined): Promise<string[]> {
    const pattern = folder === undefined ? MODULES : new vscode.RelativePattern(folder, MODULES);
    const found = await vscode.workspace.findFiles(pattern, EXCLUDED, MOST);
    return found.map((uri) => uri.fsPath).sort();
}

/** The module that is open, or named as the open source, or the only one; else the user chooses. */
async function chooseModule(folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined> {
    const open = activeModule();
    if (open !== undefined) {
        return open;
    }
    const modules = await findModules(folder);
    const source = vscode.window.activeTextEditor?.document.uri.fsPath ?? "";
    const stem = path.basename(source, path.extname(source));
    const named = modules.filter((file) => path.basename(file, path.extname(file)) === stem);
    const candidates = named.length > 0 ? named : modules;
    if (candidates.length === 0) {
        void vscode.window.showErrorMessage(
            "wdbg: there is no .wasm file in this workspace. Compile your program with -g, for example: " +
            "clang --target=wasm32-wasi -g app.c -o app.wasm",
        );
        return undefined;
    }
    if (candidates.length === 1) {
        return candidates[0];
    }
    const base = folder?.uri.fsPath ?? "";
    const items = candidates.map((file) => ({ label: path.basename(file), description: path.relative(base, file), file }));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Which WebAssembly file is to be debugged?" });
    return chosen?.file;
}

export function launchOf(file: string, folder: vscode.WorkspaceFolder | undefined): vscode.DebugConfiguration {
    const inside = folder !== undefined && !path.relative(folder.uri.fsPath, file).startsWith("..");
    const program = inside ? "${workspaceFolder}/" + path.relative(folder.uri.fsPath, file) : file;
    return { type: "wdbg", request: "launch", name: `Debug ${path.basename(file)}`, program, args: [] };
}
