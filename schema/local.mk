# SPDX-License-Identifier: Apache-2.0
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = schema/report-v1.schema.json
