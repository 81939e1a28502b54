# SPDX-License-Identifier: Apache-2.0
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = schema/job-v1.schema.json schema/report-v1.schema.json
