/** CloudFormation's names as the awscc provider has them. */

/**
 * `SizeInMBs` is `size_in_m_bs`, `AWSKMSKeyARN` is `awskms_key_arn`, `Ipv6CidrBlock` is `ipv_6_cidr_block`: where the letters change from capital to small or
 * from letters to digits, and no dictionary but of four names.
 */
export function attributeName(property: string): string {
  return property
    .replaceAll(/Cloud(?:Formation|Front|Watch)|FSx/g, (name) => name[0] + name.slice(1).toLowerCase())
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([a-z])([0-9])/g, "$1_$2")
    .replaceAll(/([0-9])([a-z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]/g, "_")
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
