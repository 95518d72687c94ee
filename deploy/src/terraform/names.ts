/** CloudFormation's names as the awscc provider has them. */

/** `SizeInMBs` is `size_in_m_bs`, `AWSKMSKeyARN` is `awskms_key_arn`: where the letters change from capital to small, and no dictionary. */
export function attributeName(property: string): string {
  return property
    .replaceAll("CloudWatch", "Cloudwatch")
    .replaceAll("CloudFormation", "Cloudformation")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** `AWS::EC2::SubnetRouteTableAssociation` is `awscc_ec2_subnet_route_table_association`. */
export function resourceTypeName(type: string): string {
  const [, service = "", resource = ""] = type.split("::");
  return `awscc_${service.toLowerCase()}_${attributeName(resource)}`;
}

/** A logical id has letters and digits alone, which is a name in Terraform as it is. */
export function address(type: string, logicalId: string): string {
  return `${type}.${logicalId}`;
}
