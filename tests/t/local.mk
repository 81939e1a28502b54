# SPDX-License-Identifier: Apache-2.0
# Integration tests, by number: 0xxx docs, layering, tables; 1xxx command line, job file, report;
# 2xxx sandbox; 3xxx limits and reasons; 4xxx Vulkan; 5xxx the Vulkan layer; 6xxx real programs; 9xxx slow.
integration_tests += \
	tests/t/3000-reasons.t \
	tests/t/3100-limits.t \
	tests/t/3110-output-late.t \
	tests/t/3120-late-cancel.t \
	tests/t/3200-lifecycle.t \
	tests/t/3300-terminal.t \
	tests/t/3400-rlimits.t \
	tests/t/3500-cgroup.t \
	tests/t/3505-adversaries.t \
	tests/t/3510-stress-ng.t \
	tests/t/3520-scope.t \
	tests/t/3530-killed-launch.t \
	tests/t/3540-cpus-and-shares.t \
	tests/t/3541-io.t \
	tests/t/3542-group-events.t \
	tests/t/3543-memory-at-exec.t \
	tests/t/3544-swap.t \
	tests/t/3570-slow-death.t

integration_tests += \
	tests/t/0001-harness.t \
	tests/t/0003-docs.t \
	tests/t/0004-tables-in-sync.t \
	tests/t/0005-layering.t \
	tests/t/0006-job-schema.t \
	tests/t/0007-completion.t \
	tests/t/1001-job-file.t \
	tests/t/1002-values.t \
	tests/t/1003-command.t \
	tests/t/1004-report.t \
	tests/t/1005-host.t \
	tests/t/1006-compute-input.t \
	tests/t/1007-options.t \
	tests/t/1008-new.t \
	tests/t/2001-view.t \
	tests/t/2002-mounts.t \
	tests/t/2003-process.t \
	tests/t/2004-meddling.t \
	tests/t/2500-attack-files.t \
	tests/t/2501-attack-output.t \
	tests/t/2502-attack-limits.t \
	tests/t/2800-filter.t \
	tests/t/2801-filter-vulkan.t \
	tests/t/2802-second-filter.t \
	tests/t/4020-images.t \
	tests/t/4021-bindings-refused.t \
	tests/t/4100-jobs.t \
	tests/t/4250-gallery.t \
	tests/t/4251-gallery-models.t \
	tests/t/4252-gallery-newer.t \
	tests/t/4253-gallery-models-newer.t \
	tests/t/4260-validation.t \
	tests/t/4301-work.t \
	tests/t/4200-dry-run.t \
	tests/t/4302-chunks.t \
	tests/t/4303-no-predication.t \
	tests/t/4350-queues.t \
	tests/t/4351-faults.t \
	tests/t/4352-bad-input.t \
	tests/t/4353-scipy.t \
	tests/t/4210-new-runs.t \
	tests/t/4220-progress.t \
	tests/t/6001-real-taichi.t \
	tests/t/6002-real-candle.t \
	tests/t/6003-real-numpy.t \
	tests/t/6004-real-vulkaninfo.t \
	tests/t/6010-denied.t \
	tests/t/6020-profile.t \
	tests/t/6021-learn-real.t \
	tests/t/6400-gpu-nodes.t \
	tests/t/6410-nvml.t \
	tests/t/3544-devices.t

# The Vulkan layer
integration_tests += tests/t/5200-kernels.t tests/t/5201-kernels-newer.t tests/t/5202-kernels-validation.t tests/t/5203-shader-objects.t tests/t/5204-generated-commands.t tests/t/5210-kernel-waits.t tests/t/5220-host-time.t
integration_tests += \
	tests/t/5000-layer-loading.t \
	tests/t/5001-loaders.t \
	tests/t/5010-device-memory.t \
	tests/t/5011-budget.t \
	tests/t/5020-pace.t \
	tests/t/5030-trouble.t
integration_tests += tests/t/5400-telemetry.t tests/t/5410-real-clients.t tests/t/5411-real-wgpu.t
