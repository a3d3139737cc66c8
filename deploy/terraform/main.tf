# Deploys a package of hubtriage: the zips and the template go to S3, and the template becomes a stack.
terraform {
  required_version = ">= 1.5, < 2.0"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0, < 7.0" }
  }
}

data "aws_s3_bucket" "code" {
  bucket = var.bucket
}

locals {
  manifest = jsondecode(file("${var.package}/manifest.json"))
  stack    = one([for each in local.manifest.stacks : each if each.region == null || each.region == var.region])
  template = "${var.package}/${local.stack.template}"
  key      = "${var.prefix}${local.stack.name}-${filesha256(local.template)}.template.json"
  zips     = { for name in fileset(var.package, "*.zip") : "${var.prefix}${name}" => "${var.package}/${name}" }
}

resource "aws_s3_object" "file" {
  for_each    = merge(local.zips, { (local.key) = local.template })
  bucket      = var.bucket
  key         = each.key
  source      = each.value
  source_hash = filesha256(each.value)
  lifecycle {
    create_before_destroy = true # the old zips go last: a rollback needs them
  }
}

resource "aws_cloudformation_stack" "triage" {
  name         = local.stack.name
  template_url = "https://${data.aws_s3_bucket.code.bucket_regional_domain_name}/${local.key}"
  parameters   = { CodeBucket = var.bucket, CodePrefix = var.prefix }
  capabilities = local.stack.capabilities
  iam_role_arn = var.role_arn
  tags         = merge(local.stack.tags, var.tags)
  depends_on   = [aws_s3_object.file]
  lifecycle {
    precondition {
      condition     = local.manifest.complete
      error_message = "The package is not complete: write it again with hubtriage package."
    }
  }
}
