/* The report in its frame. A change of words is put into the page that is there; anything else is
   loaded behind it, and takes its place where the reader was. Either way nothing moves or flashes. */

const HEAVY = /<(svg|style)\b[\s\S]*?<\/\1>/g;
const CLOSED = "nav, svg, style, script, head, dialog";
const FIXED = `${CLOSED}, figure, table, tr`; // the page's script knows each of them
const BLOCKS = "p, li, td, th, dd, figcaption, h2, h3";
const MOST_ANCHORS = 12;

class UnpatchableError extends Error {}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const plain = (text) => text.replace(/\s+/g, " ").trim();

/* --- Where the reader is: how far below what has a name --- */

const noteView = (frame) => {
  const { document: doc, scrollY } = frame.contentWindow;
  const anchors = [...doc.querySelectorAll("[id]:not(svg *, nav *, dialog *)")]
    .map((element) => ({ id: element.id, top: element.getBoundingClientRect().top }))
    .filter(({ top }) => top <= 1)
    .sort((one, other) => other.top - one.top)
    .slice(0, MOST_ANCHORS);
  return { anchors: scrollY > 0 ? anchors : [], scrollY };
};

const restoreView = (frame, { anchors, scrollY }) => {
  const { contentWindow: win, contentDocument: doc } = frame;
  const anchor = anchors.find(({ id }) => doc.getElementById(id));
  const moved = anchor ? doc.getElementById(anchor.id).getBoundingClientRect().top - anchor.top : scrollY - win.scrollY;
  if (moved) win.scrollBy({ top: moved, behavior: "instant" });
};

/* --- What is new in a page, without its drawings and fonts, which are most of it --- */

const lighten = (text) => {
  const heavy = [];
  const light = text.replace(HEAVY, (all, tag) => {
    heavy.push(all);
    return tag === "svg" ? "<svg></svg>" : "<meta>"; // a style sheet would be looked at
  });
  return { heavy: heavy.join("\0"), tree: new DOMParser().parseFromString(light, "text/html") };
};

const isFixed = (node) => node.nodeType === Node.ELEMENT_NODE
  && (node.matches(FIXED) || node.querySelector(FIXED) !== null);

const sameTag = (one, other) => one.nodeType === Node.ELEMENT_NODE && one.nodeName === other.nodeName
  && one.cloneNode(false).isEqualNode(other.cloneNode(false));

/* Collect what has to be put in place of what. `live` is what the page's script made of `old`. */
const compare = (old, fresh, live, changes) => {
  if (old.matches(CLOSED) || live.querySelector(":scope > thead [aria-sort]")) throw new UnpatchableError();
  const [before, after, shown] = [old, fresh, live].map((each) => [...each.childNodes]);
  const added = shown.length - before.length; // the script puts its dialog at the end of the page
  if (added && !(added > 0 && old.nodeName === "BODY")) throw new UnpatchableError();
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start].isEqualNode(after[start])) start += 1;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start
    && before.at(-1 - end).isEqualNode(after.at(-1 - end))) end += 1;
  const [gone, come] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  if (gone.length === come.length && gone.every((each, place) => each.isEqualNode(come[place]) || sameTag(each, come[place]))) {
    gone.forEach((each, place) => {
      if (!each.isEqualNode(come[place])) compare(each, come[place], shown[start + place], changes);
    });
    return;
  }
  if ([...gone, ...come].some(isFixed)) throw new UnpatchableError();
  const replaced = shown.slice(start, start + gone.length);
  if (!replaced.every((each, place) => each.isEqualNode(gone[place]))) throw new UnpatchableError();
  changes.push({ parent: live, next: shown[start + gone.length] ?? null, replaced, come });
};

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;

const putInPlace = ({ parent, next, replaced, come }) => {
  const fresh = come.map((node) => parent.ownerDocument.importNode(node, true));
  for (const node of replaced) node.remove();
  for (const node of fresh) parent.insertBefore(node, next);
  return fresh.some(isElement) ? fresh.filter(isElement) : [parent];
};

const glow = (element) => {
  if (calm()) return;
  const colour = getComputedStyle(element.ownerDocument.documentElement).getPropertyValue("--best");
  element.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], 1400);
};

/* --- The frame --- */

export class Frames {
  #place;
  #now = null;
  #last = null;
  #wanted = null;
  #work = Promise.resolve();
  #watch = new MutationObserver(() => this.#tellTheme());

  constructor(place, onTheme) {
    this.#place = place;
    this.onTheme = onTheme;
  }

  get isEmpty() { return this.#now === null; }

  /* Show the page at an address; of several that come quickly, the last one. */
  show(address) {
    if (address === this.#wanted) return this.#work;
    this.#wanted = address;
    this.#work = this.#work.then(() => (address === this.#wanted ? this.#show(address) : null));
    return this.#work;
  }

  /* Scroll to some words in a section, or to the section if they are not found. */
  seek(anchor, words) {
    const doc = this.#now?.contentDocument;
    if (!doc) return;
    const section = doc.getElementById(anchor);
    const target = this.#find(section ?? doc.body, plain(words ?? "")) ?? section;
    if (!target) return;
    target.closest("details")?.setAttribute("open", "");
    const win = this.#now.contentWindow;
    const room = target === section ? 16 : win.innerHeight * 0.3;
    const top = target.getBoundingClientRect().top + win.scrollY - room;
    win.scrollTo({ top, behavior: calm() ? "instant" : "smooth" });
    glow(target);
  }

  #find(within, words) {
    if (!words) return null;
    const marked = [...within.querySelectorAll("mark.refuted")];
    const mark = marked.find((each) => words.startsWith(plain(each.textContent).slice(0, 60)));
    const holds = (each) => plain(each.textContent).includes(words);
    return mark ?? [...within.querySelectorAll(BLOCKS)].findLast(holds) ?? null;
  }

  async #show(address) {
    const answer = await fetch(address);
    if (!answer.ok) return; // there is a newer one
    const text = await answer.text();
    const page = lighten(text);
    if (this.#patch(page) || await this.#load(address)) this.#last = page;
  }

  #patch(page) {
    if (!this.#now || page.heavy !== this.#last.heavy) return false;
    const changes = [];
    try {
      if (!this.#last.tree.head.isEqualNode(page.tree.head)) return false;
      compare(this.#last.tree.body, page.tree.body, this.#now.contentDocument.body, changes);
    } catch (error) {
      if (error instanceof UnpatchableError) return false;
      throw error;
    }
    const view = noteView(this.#now);
    const fresh = changes.flatMap(putInPlace);
    restoreView(this.#now, view);
    fresh.forEach(glow);
    return true;
  }

  async #load(address) {
    const frame = document.createElement("iframe");
    frame.title = "The report";
    frame.className = "coming";
    frame.src = address;
    const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve, { once: true }); });
    this.#place.append(frame);
    await loaded;
    const [doc, old] = [frame.contentDocument, this.#now];
    if (doc?.contentType !== "text/html") { // refused, as there are newer ones
      frame.remove();
      return false;
    }
    doc.addEventListener("click", openElsewhere);
    this.#setTheme(doc, old?.contentDocument);
    if (old) restoreView(frame, noteView(old));
    await new Promise((resolve) => { requestAnimationFrame(resolve); });
    if (old) restoreView(frame, noteView(old)); // the reader may have gone on
    const hadFocus = old && document.activeElement === old;
    frame.className = "";
    this.#now = frame;
    old?.remove();
    if (hadFocus) frame.focus();
    this.#watch.disconnect();
    this.#watch.observe(doc.documentElement, { attributeFilter: ["data-theme"] });
    this.#tellTheme();
    return true;
  }

  /* Take over the colours that the reader chose: by the page's own button, which knows its name. */
  #setTheme(doc, old) {
    const chosen = old?.documentElement.dataset.theme;
    for (let turn = 0; chosen && turn < 2 && doc.documentElement.dataset.theme !== chosen; turn += 1) {
      doc.querySelector("button.theme")?.click();
    }
  }

  #tellTheme() { this.onTheme(this.#now.contentDocument.documentElement.dataset.theme); }
}

/* A link out of the report opens beside the preview; one inside it is followed there. */
const openElsewhere = (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  if (/^https?:$/.test(link.protocol) && link.origin !== location.origin) {
    open(link.href, "_blank", "noopener,noreferrer");
  }
};
