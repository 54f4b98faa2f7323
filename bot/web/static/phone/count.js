// How many SMS a text takes, with the alphabets and sizes that the server counts with (sms_gateway/segments.py).

const { basic, extended, single, joined } = JSON.parse(document.body.dataset.counting);
const twice = new Set(extended);
const all = new Set(basic + extended);

export function count(written) {
  const letters = [...written.normalize("NFC")];
  const coding = letters.every((letter) => all.has(letter)) ? "GSM-7" : "UCS-2";
  const costs = letters.map((letter) => (coding === "GSM-7" ? 1 + twice.has(letter) : letter.length));
  const units = costs.reduce((sum, cost) => sum + cost, 0);
  let segments = 1;
  if (units > single[coding]) {
    let used = 0;
    for (const cost of costs) {
      if (used + cost > joined[coding]) {
        segments += 1;
        used = 0;
      }
      used += cost;
    }
  }
  return { coding, units, segments };
}
