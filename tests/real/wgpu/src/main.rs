// SPDX-License-Identifier: Apache-2.0
//! A compute program on wgpu's Vulkan backend: the length of each number's Collatz sequence, by two
//! pipelines that are dispatched several times, compared with the CPU.
use std::borrow::Cow;

const COUNT: u32 = 4096;
const ROUNDS: u32 = 8;

const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

@compute @workgroup_size(64)
fn fill(@builtin(global_invocation_id) id: vec3<u32>) {
    numbers[id.x] = id.x + 1u;
}

@compute @workgroup_size(64)
fn collatz(@builtin(global_invocation_id) id: vec3<u32>) {
    var n = id.x + 1u;
    var steps = 0u;
    while (n != 1u) {
        if (n % 2u == 0u) { n = n / 2u; } else { n = 3u * n + 1u; }
        steps = steps + 1u;
    }
    numbers[id.x] = steps;
}
";

fn steps_of(mut n: u64) -> u32 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn main() {
    let instance = wgpu::Instance::new(&wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        ..Default::default()
    });
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("no Vulkan adapter");
    let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
        required_limits: wgpu::Limits::downlevel_defaults(),
        ..Default::default()
    }))
    .expect("no device");
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("collatz"),
        source: wgpu::ShaderSource::Wgsl(Cow::Borrowed(SHADER)),
    });
    let bytes = u64::from(COUNT) * 4;
    let storage = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("numbers"),
        size: bytes,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let back = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("back"),
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: false },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        }],
    });
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &layout,
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: storage.as_entire_binding() }],
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[&layout],
        push_constant_ranges: &[],
    });
    let pipeline = |entry: &str| {
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        })
    };
    let (fill, collatz) = (pipeline("fill"), pipeline("collatz"));
    for _ in 0..ROUNDS {
        let mut encoder = device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_bind_group(0, &group, &[]);
            pass.set_pipeline(&fill);
            pass.dispatch_workgroups(COUNT / 64, 1, 1);
            pass.set_pipeline(&collatz);
            pass.dispatch_workgroups(COUNT / 64, 1, 1);
        }
        encoder.copy_buffer_to_buffer(&storage, 0, &back, 0, bytes);
        queue.submit([encoder.finish()]);
    }
    back.slice(..).map_async(wgpu::MapMode::Read, |r| r.expect("cannot map"));
    device.poll(wgpu::PollType::Wait).expect("cannot wait");
    let data = back.slice(..).get_mapped_range();
    let wrong = data
        .chunks_exact(4)
        .enumerate()
        .filter(|(i, b)| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) != steps_of(*i as u64 + 1))
        .count();
    if wrong != 0 {
        eprintln!("wgpu: {wrong} of {COUNT} numbers are wrong");
        std::process::exit(1);
    }
    println!("wgpu: OK, {COUNT} sequences in {ROUNDS} rounds on {}", adapter.get_info().name);
}
