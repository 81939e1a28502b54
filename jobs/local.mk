# SPDX-License-Identifier: Apache-2.0
# Sample jobs, installed with their shaders: job files name ../shaders/.
jobsdir = $(pkgdatadir)/jobs
dist_jobs_DATA = jobs/README.md jobs/saxpy.yaml jobs/mandelbrot.yaml jobs/photo.yaml jobs/photo.png
badjobsdir = $(jobsdir)/bad
dist_badjobs_DATA = jobs/bad/kernel-time.yaml jobs/bad/device-memory.yaml jobs/bad/bad-shader.yaml
shadersdir = $(pkgdatadir)/shaders
dist_shaders_DATA = shaders/saxpy.comp shaders/mandelbrot.comp shaders/bilateral.comp shaders/ink.comp \
	shaders/long.comp shaders/bad.comp
