// The way to the simulated network, and the page's words.

export const words = JSON.parse(document.body.dataset.words);

export function fill(text, values) {
  // each value isolated: Latin letters and numbers keep their place in an Arabic line
  return text.replace(/\{(\w+)\}/g, (_, name) => `\u2068${values[name]}\u2069`);
}

export class Refused extends Error {
  constructor(status) {
    super(String(status));
    this.status = status;
  }
}

export async function say(said) {
  const answer = await fetch("/phone/say", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(said),
  });
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

export async function messages(number, after) {
  // the number travels in a header: addresses end in logs
  const answer = await fetch(`/phone/messages?after=${after}`, { headers: { "x-phone-number": number } });
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

let hiding = 0;

export function notice(text) {
  const place = document.getElementById("notice");
  clearTimeout(hiding);
  place.textContent = text;
  place.hidden = !text;
  if (text) hiding = setTimeout(() => notice(""), 6000);
}

export function explain(failed) {
  notice(failed.status === 429 ? words.too_fast : words.no_answer);
}
