/** The one function of `ini` that is used; the package brings no types. */
declare module "ini" {
  export function parse(text: string): Record<string, unknown>;
}
