// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A line that says which module runs in which engine.
import * as path from "node:path";
import * as vscode from "vscode";

export function registerStatus(context: vscode.ExtensionContext): void {
    const item = vscode.window.createStatusBarItem("wdbg.status", vscode.StatusBarAlignment.Left, 0);
    item.name = "wdbg";
    const update = (session: vscode.DebugSession | undefined): void => {
        if (session === undefined || session.type !== "wdbg") {
            item.hide();
            return;
        }
        const config = session.configuration;
        const what = config.request === "attach" ? String(config.connect ?? config.native) : path.basename(String(config.program));
        const engine = config.request === "attach" ? "attached" : String(config.engine ?? "interp");
        item.text = `$(debug-alt) wdbg: ${what} (${engine})`;
        item.tooltip = `WebAssembly debugger: ${config.program ?? what}`;
        item.show();
    };
    context.subscriptions.push(
        item,
        vscode.debug.onDidChangeActiveDebugSession(update),
        vscode.debug.onDidStartDebugSession(update),
        vscode.debug.onDidTerminateDebugSession(() => update(vscode.debug.activeDebugSession)),
    );
    update(vscode.debug.activeDebugSession);
}
