import type { Command } from "commander";

/** For the commands that work on a running instance too. */
export function awsOptions(command: Command): Command {
  return command
    .optionsGroup("On AWS:")
    .option("--aws", "on the deployment, not the local instance: the stack of this folder's definition, or --stack")
    .option("--stack <name>", "with --aws: the stack's name (default: penstock-<the pipeline's name>)")
    .option("--definition <file>", "with --aws: the definition whose deployment is meant (default: this folder's)")
    .option("--region <name>", "with --aws: the region (default: AWS_REGION, or the profile's)")
    .optionsGroup("Options:");
}
