# SPDX-License-Identifier: Apache-2.0
# Sample jobs, installed with their shaders: job files name ../shaders/.
jobsdir = $(pkgdatadir)/jobs
dist_jobs_DATA = jobs/README.md jobs/saxpy.yaml jobs/mandelbrot.yaml jobs/photo.yaml jobs/photo.png \
	jobs/matmul.yaml jobs/reduction.yaml jobs/scan.yaml jobs/fft.yaml jobs/equalize.yaml jobs/thumbnail.yaml \
	jobs/digits.yaml jobs/digits.png jobs/digits.safetensors jobs/transformer.yaml jobs/reverse.npy jobs/reverse.safetensors
dist_jobs_DATA += jobs/sort.yaml jobs/nbody.yaml jobs/heat.yaml jobs/mpm.yaml jobs/life.yaml jobs/life.png
EXTRA_DIST += jobs/make-inputs.py
badjobsdir = $(jobsdir)/bad
dist_badjobs_DATA = jobs/bad/kernel-time.yaml jobs/bad/check-failed.yaml jobs/bad/device-memory.yaml jobs/bad/bad-shader.yaml \
	jobs/bad/wall-time.yaml jobs/bad/cpu-time.yaml jobs/bad/idle.yaml jobs/bad/memory.yaml jobs/bad/memory-tmp.yaml \
	jobs/bad/output.yaml jobs/bad/file-size.yaml jobs/bad/syscall.yaml jobs/bad/signaled.yaml \
	jobs/bad/cancelled.yaml jobs/bad/exec-failed.yaml jobs/bad/not-found.yaml jobs/bad/setup-failed.yaml
shadersdir = $(pkgdatadir)/shaders
dist_shaders_DATA = shaders/saxpy.comp shaders/mandelbrot.comp shaders/bilateral.comp shaders/ink.comp shaders/long.comp \
	shaders/bad.comp shaders/add-number.comp shaders/add.comp shaders/attention-draw.comp \
	shaders/attention-mix.comp shaders/attention.comp shaders/difference.comp shaders/digits-cut.comp \
	shaders/digits-mark.comp shaders/embed.comp shaders/equalize-apply.comp shaders/equalize-curve.comp \
	shaders/fft.comp shaders/galaxies.comp shaders/heat-colors.comp shaders/heat-plate.comp \
	shaders/heat.comp shaders/histogram.comp shaders/layer-norm.comp shaders/life-draw.comp \
	shaders/life-start.comp shaders/life.comp shaders/linear.comp shaders/luma.comp shaders/matmul.comp \
	shaders/mpm-draw.comp shaders/mpm-from-grid.comp shaders/mpm-grid.comp shaders/mpm-start.comp \
	shaders/mpm-to-grid.comp shaders/nbody.comp shaders/real-part.comp shaders/reduce.comp \
	shaders/scan-add.comp shaders/scan.comp shaders/softmax.comp shaders/sort-count.comp \
	shaders/sort-scatter.comp shaders/spectrum.comp shaders/splat.comp shaders/starlight.comp shaders/thumbnail.comp shaders/bright.glsl shaders/mpm.glsl
