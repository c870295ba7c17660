// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// "Show Native Code": the machine code of the function that the selected frame is in, beside the wasm and the source
// line of each instruction. It follows the frame.
import * as vscode from "vscode";

/** The body of the request wdbg/nativeCode (docs/dap.md). What a row comes from is told where it changes. */
interface NativeCode {
    function: string;
    pcRow: number;
    firstRow: number;
    totalRows: number;
    sources: { name?: string; path?: string }[];
    rows: {
        address: string;
        instruction: string;
        symbol?: string;
        wasm?: string;
        source?: number;
        line?: number;
    }[];
}

const SCHEME = "wdbg-native";
const DOCUMENT = vscode.Uri.parse(`${SCHEME}:Native Code`);
/** Of columns, in characters. */
const WASM = 24;
const NATIVE = 44;

/** What the document shows, and where. */
interface Listing {
    text: string;
    /** Lines of the document: that of what is executed next, and those that come from its source line. */
    current: number;
    block: [number, number];
}

/** Lines of source files, read once for each session. */
class Sources {
    private readonly files = new Map<string, Promise<vscode.TextDocument | undefined>>();

    clear(): void {
        this.files.clear();
    }

    async line(path: string | undefined, line: number): Promise<string> {
        if (path === undefined) {
            return "";
        }
        if (!this.files.has(path)) {
            const opened = Promise.resolve(vscode.workspace.openTextDocument(vscode.Uri.file(path)));
            this.files.set(path, opened.catch(() => undefined));
        }
        const file = await this.files.get(path);
        return file !== undefined && line >= 1 && line <= file.lineCount ? file.lineAt(line - 1).text.trim() : "";
    }
}

class NativeView implements vscode.TextDocumentContentProvider {
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;
    private readonly here = vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        backgroundColor: new vscode.ThemeColor("editor.stackFrameHighlightBackground"),
    });
    private readonly sameLine = vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        backgroundColor: new vscode.ThemeColor("editor.lineHighlightBackground"),
    });
    private readonly sources = new Sources();
    private shown: Listing | string = "";
    private request = 0;

    provideTextDocumentContent(): string {
        return typeof this.shown === "string" ? this.shown : this.shown.text;
    }

    async open(): Promise<void> {
        await this.update();
        const document = await vscode.workspace.openTextDocument(DOCUMENT);
        await vscode.window.showTextDocument(document, {
            viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: false,
        });
        this.decorate();
    }

    forget(): void {
        this.sources.clear();
        void this.follow();
    }

    /** Only while somebody looks. */
    async follow(): Promise<void> {
        if (vscode.workspace.textDocuments.some((document) => document.uri.scheme === SCHEME)) {
            await this.update();
        }
    }

    /** An answer that comes behind that of a later frame is dropped. */
    private async update(): Promise<void> {
        const mine = ++this.request;
        const frame = vscode.debug.activeStackItem;
        let shown: Listing | string = "The program runs, or no frame is selected.\n";
        if (frame instanceof vscode.DebugStackFrame && frame.session.type === "wdbg") {
            try {
                const request = frame.session.customRequest("wdbg/nativeCode", { frameId: frame.frameId });
                shown = await this.render(await request as NativeCode);
            } catch (error) {
                shown = `There is no native code to show: ${error instanceof Error ? error.message : String(error)}\n`;
            }
        }
        if (mine === this.request) {
            this.shown = shown;
            this.changed.fire(DOCUMENT);
        }
    }

    /** A source line is a line of its own, above the instructions that come from it. */
    private async render(code: NativeCode): Promise<Listing> {
        const shown = code.rows.length === code.totalRows
            ? `${code.totalRows} instructions`
            : `instructions ${code.firstRow + 1} to ${code.firstRow + code.rows.length} of ${code.totalRows}`;
        const lines = [`${code.function}: ${shown}`];
        const listing: Listing = { text: "", current: 0, block: [0, 0] };
        let place = "";
        for (const [index, row] of code.rows.entries()) {
            const file = row.source === undefined ? undefined : code.sources[row.source];
            const next = file === undefined || row.line === undefined ? place : `${file.name ?? file.path}:${row.line}`;
            if (next !== place) {
                place = next;
                lines.push("", `${place}  ${await this.sources.line(file?.path, row.line ?? 0)}`.trimEnd());
                listing.block = index <= code.pcRow ? [lines.length - 1, 0] : listing.block;
            }
            if (index === code.pcRow) {
                listing.current = lines.length;
            }
            const mark = index === code.pcRow ? "\u2192" : " ";
            const wasm = column(row.wasm ?? "", WASM);
            lines.push(`${mark} ${wasm} ${column(row.instruction, NATIVE)} ${row.address}`);
        }
        const behind = lines.indexOf("", listing.current);
        listing.block[1] = behind === -1 ? lines.length - 1 : behind - 1;
        listing.text = lines.join("\n") + "\n";
        return listing;
    }

    /** When the document has the text. */
    decorate(): void {
        for (const editor of vscode.window.visibleTextEditors) {
            if (editor.document.uri.scheme !== SCHEME) {
                continue;
            }
            const whole = (line: number): vscode.Range => new vscode.Range(line, 0, line, 0);
            if (typeof this.shown === "string") {
                editor.setDecorations(this.here, []);
                editor.setDecorations(this.sameLine, []);
                continue;
            }
            const { current, block } = this.shown;
            editor.setDecorations(this.here, [whole(current)]);
            editor.setDecorations(this.sameLine, [new vscode.Range(block[0], 0, block[1], 0)]);
            editor.revealRange(whole(current), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
        }
    }
}

/** Fills up to the column's width; what is longer pushes the rest to the right. */
function column(text: string, width: number): string {
    return text.padEnd(width);
}

export function registerNativeCode(context: vscode.ExtensionContext): void {
    const view = new NativeView();
    context.subscriptions.push(
        vscode.workspace.registerTextDocumentContentProvider(SCHEME, view),
        vscode.commands.registerCommand("wdbg.showNativeCode", () => view.open()),
        vscode.debug.onDidChangeActiveStackItem(() => void view.follow()),
        vscode.debug.onDidTerminateDebugSession(() => view.forget()),
        vscode.workspace.onDidChangeTextDocument((event) => {
            if (event.document.uri.scheme === SCHEME) {
                view.decorate();
            }
        }),
        vscode.window.onDidChangeVisibleTextEditors(() => view.decorate()),
    );
}
