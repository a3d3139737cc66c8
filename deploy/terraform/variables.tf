variable "package" {
  description = "Folder that `hubtriage package --out` has written"
  type        = string
}

variable "bucket" {
  description = "Name of the S3 bucket for the zips and the template, in the account and Region of the stack"
  type        = string
}

variable "prefix" {
  description = "What the keys in the bucket begin with: empty, or a folder that ends with a slash"
  type        = string
  default     = "hubtriage/"
}

variable "region" {
  description = "Which stack of a package for several Regions to deploy; the provider has to be of the same Region"
  type        = string
  default     = null
}

variable "role_arn" {
  description = "Role that CloudFormation uses; if left out, the credentials of Terraform"
  type        = string
  default     = null
}

variable "tags" {
  description = "More tags of the stack; the package has some already"
  type        = map(string)
  default     = {}
}
