export interface ShapeResult {
  readonly file: string;
  readonly name: string;
  readonly ok: boolean;
  readonly outcome: "runs" | "clear error" | "fails" | "n.a.";
  readonly detail?: string;
}
export interface Mode {
  readonly name: string;
  readonly quick?: boolean;
}
export interface NodeVersion {
  readonly binary: string;
  readonly major: number;
}
export declare const modes: readonly Mode[];
export declare const currentMajor: number;
export declare function runMode(mode: Mode, node?: NodeVersion): Promise<ShapeResult[]>;
