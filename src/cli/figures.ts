export * from "../formats/figures.ts";
