/** The licences of the packages in this executable; the text is made by `npm run gen`. */

import text from "./third_party.txt" with { type: "text" };

export const licenses: string = text;
