/** A variable that the stack sets; without it the function cannot do anything, and says so when it starts. */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`The environment has no ${name}: the stack sets it.`);
  return value;
}
