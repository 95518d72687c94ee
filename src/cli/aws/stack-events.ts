import { setTimeout as sleep } from "node:timers/promises";
import type { Stack, StackEvent } from "@aws-sdk/client-cloudformation";
import { type AwsSession, calling } from "./session.js";

const POLL_MS = 3000;

/**
 * Follows a stack until CloudFormation has done with it, and answers how it ended. `onEvent` is told each event from `sinceMs` on, once, oldest first. By the
 * stack's id, since a deleted stack is not found by its name.
 */
export async function followStack(
  session: AwsSession,
  stackId: string,
  sinceMs: number,
  onEvent: (event: StackEvent) => void,
): Promise<Stack> {
  const { CloudFormationClient, DescribeStackEventsCommand, DescribeStacksCommand } = await import(
    "@aws-sdk/client-cloudformation"
  );
  const client = new CloudFormationClient(session.client);
  const told = new Set<string>();
  const tellNew = async () => {
    const found: StackEvent[] = [];
    for (let token: string | undefined; ; ) {
      const page = await client.send(
        new DescribeStackEventsCommand({ StackName: stackId, ...(token === undefined ? {} : { NextToken: token }) }),
      );
      const events = page.StackEvents ?? [];
      const fresh = events.filter(({ EventId, Timestamp }) => !told.has(EventId!) && Timestamp!.getTime() >= sinceMs);
      found.push(...fresh);
      token = page.NextToken;
      // Newest first: a page that has an old one is the last that matters.
      if (fresh.length < events.length || token === undefined) break;
    }
    for (const event of found.reverse()) {
      told.add(event.EventId!);
      onEvent(event);
    }
  };
  try {
    return await calling("follow the stack", async () => {
      for (;;) {
        const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackId }));
        const stack = Stacks?.[0];
        await tellNew();
        if (stack !== undefined && !/_IN_PROGRESS$/.test(stack.StackStatus ?? "")) return stack;
        await sleep(POLL_MS);
      }
    });
  } finally {
    client.destroy();
  }
}

/** As a line of progress. */
export function eventText({
  ResourceStatus,
  ResourceType,
  LogicalResourceId,
  ResourceStatusReason,
}: StackEvent): string {
  const type = (ResourceType ?? "").replace(/^AWS::/, "").replace("::", " ");
  const reason = ResourceStatusReason === undefined ? "" : `: ${ResourceStatusReason}`;
  return `  ${(ResourceStatus ?? "").padEnd(20)} ${type} ${LogicalResourceId}${reason}`;
}
