/** The query of a URL, as HTML's forms and Python's `urlencode` write it. */

/** `a=b+c&d=%2A` */
export function queryOf(words: Readonly<Record<string, string>>): string {
  return Object.entries(words).map((pair) => pair.map(encoded).join("=")).join("&");
}

/** A text in a query. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+").replace(
    /[!'()*~]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
