/** An assertion for the inner loops of a simulation, where vitest's own would take most of the time. */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
