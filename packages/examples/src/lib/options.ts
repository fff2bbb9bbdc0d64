/** Numbers from the command line. */

/**
 * A whole number from an option's text.
 * @throws Error naming the option, when it is not one or is less than `least`
 */
export function numberOption(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be a whole number >= ${least}, got "${text}"`);
}
