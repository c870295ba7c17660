// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// "adapter": "lldb-dap": LLDB's own adapter, told how to run and reach WebAssembly by wdbg.
import * as vscode from "vscode";

/** Oldest LLDB that knows WebAssembly as a platform. */
const OLDEST = 22;
const NEWEST = 30;

export function usesLldb(config: vscode.DebugConfiguration): boolean {
    return config.adapter === "lldb-dap";
}

/** Names of LLDB's adapter on PATH, the preferred one first. */
export function lldbDapNames(): string[] {
    const versions = Array.from({ length: NEWEST - OLDEST + 1 }, (_, i) => `lldb-dap-${OLDEST + i}`);
    return ["lldb-dap", ...versions];
}

/** As one of several words in a setting of LLDB. */
function quoted(word: string): string {
    return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** What `wdbg run` is to be told of the configuration. */
function runOptions(config: vscode.DebugConfiguration): string[] {
    const options = ["run"];
    if (config.engine === "aot") {
        options.push("--engine=aot", `-O${config.optLevel ?? "g"}`);
        if (config.cpu) {
            options.push(`--cpu=${config.cpu}`);
        }
    }
    if (config.debugFile) {
        options.push(`--debug-file=${config.debugFile}`);
    }
    for (const [name, value] of Object.entries((config.env ?? {}) as Record<string, string | null>)) {
        options.push(`--env=${name}=${value ?? ""}`);
    }
    for (const folder of (config.preopens ?? []) as string[]) {
        options.push(`--dir=${folder}`);
    }
    return options;
}

/** The same configuration in lldb-dap's words. */
export function forLldb(config: vscode.DebugConfiguration, wdbg: string): vscode.DebugConfiguration {
    const common = {
        type: config.type,
        name: config.name,
        request: config.request,
        adapter: config.adapter,
        ...(config.sourceMap ? { sourceMap: config.sourceMap } : {}),
    };
    if (config.request === "attach") {
        const commands = [`process connect --plugin wasm connect://${config.connect}`];
        return { ...common, ...(config.module ? { program: config.module } : {}), attachCommands: commands };
    }
    return {
        ...common,
        program: config.program,
        args: config.args ?? [],
        cwd: config.cwd,
        stopOnEntry: config.stopOnEntry === true,
        initCommands: [
            "settings set target.disable-aslr false",
            `settings set platform.plugin.wasm.runtime-path ${quoted(wdbg)}`,
            `settings set -- platform.plugin.wasm.runtime-args ${runOptions(config).map(quoted).join(" ")}`,
            "settings set -- platform.plugin.wasm.port-arg -g=127.0.0.1:",
            "platform select wasm",
            ...((config.initCommands ?? []) as string[]),
        ],
    };
}
