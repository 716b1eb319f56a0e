/** How many letters must be changed, put in or left out to make one word the other; 5 where it is clear that it is more than 4. */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 4) return 5;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
