/** What becomes of one property of a resource. */
export interface PropertyChange {
  /** `ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs` */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly replaces: "yes" | "maybe" | "no";
}
