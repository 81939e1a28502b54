# SPDX-License-Identifier: Apache-2.0
# Sample jobs, installed with their shaders: job files name ../shaders/.
jobsdir = $(pkgdatadir)/jobs
dist_jobs_DATA = jobs/README.md jobs/saxpy.yaml jobs/mandelbrot.yaml jobs/photo.yaml jobs/photo.png
badjobsdir = $(jobsdir)/bad
dist_badjobs_DATA = jobs/bad/kernel-time.yaml jobs/bad/device-memory.yaml jobs/bad/bad-shader.yaml \
	jobs/bad/wall-time.yaml jobs/bad/cpu-time.yaml jobs/bad/idle.yaml jobs/bad/memory.yaml jobs/bad/memory-tmp.yaml \
	jobs/bad/output.yaml jobs/bad/file-size.yaml jobs/bad/syscall.yaml jobs/bad/signaled.yaml \
	jobs/bad/cancelled.yaml jobs/bad/exec-failed.yaml jobs/bad/not-found.yaml jobs/bad/setup-failed.yaml
shadersdir = $(pkgdatadir)/shaders
dist_shaders_DATA = shaders/saxpy.comp shaders/mandelbrot.comp shaders/bilateral.comp shaders/ink.comp \
	shaders/long.comp shaders/bad.comp
