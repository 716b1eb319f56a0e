/** The browser page as one text, and the policy under which it is served; both are built from page/ by `npm run gen`. */

import html from "./page.html" with { type: "text" };
import policy from "./page_policy.txt" with { type: "text" };

/** HTML with its script and its style: it asks for nothing but the paths below `/api/`. */
export const page: string = html;

/** The value of its header `Content-Security-Policy`. */
export const pagePolicy: string = policy;
