/** The README.md beside a configuration: what is not to be seen in it. */
type Resources = Readonly<Record<string, Readonly<Record<string, { readonly lifecycle?: object }>>>>;

export function readmeText(configuration: Readonly<Record<string, unknown>>, stackName: string): string {
  const resources = Object.entries(configuration.resource as Resources);
  const kept = resources.flatMap(([type, named]) =>
    Object.entries(named).flatMap(([name, { lifecycle }]) => (lifecycle === undefined ? [] : [`${type}.${name}`])),
  );
  const pipeline = stackName.replace(/^penstock-/, "");
  return `# ${stackName}, for Terraform or OpenTofu

Written by \`penstock synth --terraform\`: the next synthesis writes \`main.tf.json\`, \`code/\` and this file over. What you add goes into files of its own beside them.

\`\`\`sh
terraform init
terraform plan -out plan
terraform apply plan
\`\`\`

(or \`tofu\`.) It needs the providers awscc, aws and archive. Both AWS providers must be of one account and region; \`AWS_REGION\` and \`AWS_PROFILE\` set both, or a file of your own does:

\`\`\`hcl
# providers.tf
provider "aws"   { region = "us-east-1" }
provider "awscc" { region = "us-east-1" }

terraform {
  backend "s3" {
    bucket = "..."
    key    = "${stackName}.tfstate"
    region = "us-east-1"
  }
}
\`\`\`

Without a backend the state is a file in this folder. It holds no password: the warehouse's is made by Redshift, in Secrets Manager.

## What is here

- \`code/\`: the Lambdas, bundled. Terraform zips them and puts them into a bucket of their own (\`aws_s3_bucket.code\`); nothing has to be uploaded by hand.
- \`aws_cloudformation_stack\`: one stack, named by \`var.stack_name\`, with one resource, which makes and widens the warehouse's tables when it is applied and fails where the definition cannot
  follow what is there. It has the outputs by which \`penstock ... --aws\` finds a deployment: \`penstock query "select 1" --stack ${stackName} --aws\`, from the definition's folder without \`--stack\`.
  Whoever applies needs the rights to CloudFormation and to invoke that Lambda.
- Names that the template leaves to AWS (roles, queues, buckets) are made by AWS here as well.
- \`penstock apply\` and this are two ways to the same resources: use one of them for a pipeline. \`penstock plan\` and \`penstock destroy\` are of the first.

## A later definition

\`\`\`sh
penstock synth <definition> --terraform <this folder>
terraform plan
\`\`\`

## Destroy

These hold data, or what decrypts it, and are never destroyed by Terraform (\`prevent_destroy\`): it refuses the whole until they are taken out of the state. They stay in the account then.

\`\`\`sh
terraform state rm \\
${kept.map((address) => `  ${address}`).join(" \\\n")}
terraform destroy
\`\`\`

The next \`apply\` of ${pipeline} makes new ones beside them where names are AWS's own, and stops where a name is taken (the Glue database and its tables, a provisioned or serverless warehouse): bring those back first, with
\`terraform import <address> <id>\`.
`;
}
