import type { Stack } from "@aws-sdk/client-cloudformation";
import { type AwsSession, calling } from "./session.js";
import { eventText, followStack } from "./stack-events.js";

/** Deletes a stack and follows it to its end, `DELETE_COMPLETE` or `DELETE_FAILED`. Its protection against deletion is taken off first. */
export async function deleteStack(
  session: AwsSession,
  stackId: string,
  onProgress: (line: string) => void,
): Promise<Stack> {
  const { CloudFormationClient, DeleteStackCommand, UpdateTerminationProtectionCommand } = await import(
    "@aws-sdk/client-cloudformation"
  );
  const client = new CloudFormationClient(session.client);
  try {
    const startedMs = Date.now();
    await calling("delete the stack", async () => {
      await client.send(
        new UpdateTerminationProtectionCommand({ StackName: stackId, EnableTerminationProtection: false }),
      );
      await client.send(new DeleteStackCommand({ StackName: stackId }));
    });
    return await followStack(session, stackId, startedMs, (event) => onProgress(eventText(event)));
  } finally {
    client.destroy();
  }
}
