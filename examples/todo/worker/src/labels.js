// What kind of a thing a to-do is, by the words in it.
const KINDS = [
  ['shopping', /\b(buy|order|shop|milk|bread|groceries|kaufen)\b/i],
  ['contact', /\b(call|mail|email|write|answer|ask|tell|invite|anrufen)\b/i],
  ['home', /\b(clean|wash|cook|repair|fix|garden|water|putzen)\b/i],
  ['work', /\b(deploy|review|release|test|meeting|report|code|bug)\b/i],
  ['reading', /\b(read|book|article|learn|study|lesen)\b/i],
];

export function labelOf(title) {
  return KINDS.find(([, words]) => words.test(title))?.[0] ?? 'something else';
}
