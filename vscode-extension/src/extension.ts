// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import * as vscode from "vscode";
import { AdapterFactory } from "./adapter";
import { ConfigurationProvider, launchOf } from "./configuration";
import { registerNativeCode } from "./native";
import { registerStatus } from "./status";

export function activate(context: vscode.ExtensionContext): void {
    const provider = new ConfigurationProvider();
    context.subscriptions.push(
        vscode.debug.registerDebugAdapterDescriptorFactory("wdbg", new AdapterFactory()),
        vscode.debug.registerDebugConfigurationProvider("wdbg", provider),
        vscode.debug.registerDebugConfigurationProvider("wdbg", provider, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
        vscode.commands.registerCommand("wdbg.debugFile", (file: vscode.Uri) => {
            const folder = vscode.workspace.getWorkspaceFolder(file);
            return vscode.debug.startDebugging(folder, launchOf(file.fsPath, folder));
        }),
    );
    registerNativeCode(context);
    registerStatus(context);
}

export function deactivate(): void {
    // All is in the subscriptions.
}
