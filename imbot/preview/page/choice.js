/** What the reader has chosen to see; kept in the address: it survives a reload and can be passed on. */

const OPTIONS = { theme: ["light", "dark"], width: ["phone", "desktop"] };
const ALL = "all";

/** One option of each axis, or all. */
export class Choice {
  constructor() {
    const kept = new URLSearchParams(location.hash.slice(1));
    this.values = Object.fromEntries(kept);
  }

  /** What may be chosen of an axis in this state of the page. */
  options(axis, { cards }) {
    return OPTIONS[axis] ?? [...new Set(cards.map((card) => card[axis]))];
  }

  /** The option chosen, or "all". Of a single phase all samples are seen, of all phases the first one. */
  of(axis, state) {
    const options = this.options(axis, state);
    const value = this.values[axis];
    if (value === ALL || options.includes(value)) return value;
    const many = this.options("phase", state).length > 1 && !this.isOne("phase", state);
    return axis === "sample" && many && options.length > 0 ? options[0] : ALL;
  }

  /** Whether an option is to be seen. */
  shows(axis, option, state) {
    const chosen = this.of(axis, state);
    return chosen === ALL || chosen === option;
  }

  /** Choose; choosing a phase lets the samples follow again. */
  set(axis, value) {
    this.values[axis] = value;
    if (axis === "phase") delete this.values.sample;
    history.replaceState(null, "", `#${new URLSearchParams(this.values)}`);
  }

  isOne(axis, state) {
    return this.options(axis, state).includes(this.values[axis]);
  }
}
