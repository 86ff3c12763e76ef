"""CloudFormation resource types that ministack lacks, handles only in part, or would keep to itself."""
