#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The schema of job files and vkjail's reader agree: both accept the examples, and both refuse the same mistakes.
. "${top_srcdir:-.}/tests/lib/tap.sh"
need python3

schema=$top_srcdir/schema/job-v1.schema.json
find "$top_srcdir/jobs" -name '*.yaml' | sort >examples.txt
ok 'there are examples' test -s examples.txt
while read -r job; do
	ok "${job#"$top_srcdir"/} fits the schema" python3 "$top_srcdir/tests/lib/validate.py" "$schema" "$job"
	is "$(read-job "$job")" "$job: fine" "${job#"$top_srcdir"/} is read"
done <examples.txt

# agree fine|refused: the documents on stdin, one a line, get this verdict from both.
cat >agree.py <<'EOF'
import json, subprocess, sys
import jsonschema, yaml

schema = json.load(open(sys.argv[1], encoding="utf-8"))
check = jsonschema.validators.validator_for(schema)(schema)
for number, text in enumerate(sys.stdin):
    with open("job.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    reader = subprocess.run(["read-job", "job.yaml"], capture_output=True, text=True).stdout.split(": ")[1].strip()
    print("fine" if check.is_valid(yaml.safe_load(text)) else "refused", reader, text.strip(), sep="\t")
EOF
tab=$(printf '\t')
agree() {
	python3 agree.py "$schema" >verdicts.txt
	ok 'every document got a verdict' test -s verdicts.txt
	while IFS="$tab" read -r by_schema by_reader text; do
		is "$by_schema $by_reader" "$1 $1" "$1: $text"
	done <verdicts.txt
}

agree fine <<'EOF'
{command: [sleep, 5, 1.5, true, '']}
{command: [a], name: a.b_c-9, workdir: x, writable: true, clear-env: false, net: host, gpu: none, hostname: h, seccomp: strict}
{command: [a], gpu: 0}
{command: [a], gpu: "0,pci:0000:01:00.0,uuid:GPU-0a"}
{command: [a], limits: {wall: 1h30m, cpu: 1.5s, idle: none, memory: 1GiB, kernel: 5ms, output: 0, processes: 5, tmp: 2.5G, core: none}}
{command: [a], limits: {memory: 50%, processes: auto, cpus: auto, io-read: 10M/s, io-write: '/dev/sda=5M,8:1=1.5GiB/s', io-read-ops: 3/s, io-write-ops: '/data/x=5/s'}}
{command: [a], limits: {memory: {soft: 10%, hard: 2G}, cpus: 4, io-read: none, io-read-ops: none}}
{command: [a], limits: {memory: {hard: 100%}, cpus: 0-3}}
{command: [a], limits: {cpus: '0,2-3,7'}}
{command: [a], bind: [x, '/a:/b', {source: 'a:b', target: /c}], ro-bind: [{source: /d}], tmpfs: [/t]}
{command: [a], env: {A: 1, B: null, C: '', D: true}, require: [], grace: 0, sample: none, report: '-', driver: x.json}
{command: [a], limits: {memory: 1000, wall: 1s}, require: [memory, wall], sample: 100ms}
{compute: {kernels: {k: {shader: a, entry: m, constants: {0: 1, A: 0.5, B: true}}}, steps: [{run: k, groups: [1, 2, 3]}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy, sampler: {}}, y: {like: x, fill: {random: 1}, sampler: {filter: linear, address: repeat}}, z: {type: f32, shape: [1], fill: {value: 1.5}}}, steps: [{run: k, bind: [x], push: [1, -0.5, true, {f32: 3}, 'x.shape[1]'], elements: x.elements, repeat: 3}], outputs: {x: o.npy, y: {file: o, format: raw}}, device: llvmpipe}}
{compute: {cache: false, kernels: {k: {shader: a, define: {A: 1, B_2: null, _C: true, D: 'vec2(1)', E: '', F: 0.5}}}, buffers: {x: {file: a.npy}}, steps: [{run: k, bind: {source: x, 1: x, 0: x}, groups: 1}, {run: k, bind: {}, groups: 1}]}}
EOF
agree refused <<'EOF'
{command: [a], limits: {memory: 0%}}
{command: [a], limits: {memory: 101%}}
{command: [a], limits: {memory: auto}}
{command: [a], limits: {tmp: 50%}}
{command: [a], limits: {open-files: auto}}
{command: [a], limits: {cpus: 0}}
{command: [a], limits: {cpus: '1-'}}
{command: [a], limits: {cpus: 50%}}
{command: [a], limits: {io-read: 0}}
{command: [a], limits: {io-read: 0M/s}}
{command: [a], limits: {io-read-ops: 3}}
{command: [a], limits: {io-write: 5M/h}}
{command: [a], limits: {io-read: 'sda=5M'}}
{command: [a], limits: {io-read: '8:0=0M'}}
{command: [a], limits: {io-read: '8:0=5M,'}}
{command: [a], limits: {io-read-ops: '8:0=5M'}}
{command: [a], limits: {io-write-ops: {soft: 3}}}
{compute: {cache: 'yes', kernels: {k: {shader: a}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: [A]}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {gl_A: 1}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {defined: 1}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {A-B: 1}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {A: [1]}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {A: "1\n2"}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, define: {A: '1\'}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy}}, steps: [{run: k, groups: 1, bind: {a-b: x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy}}, steps: [{run: k, groups: 1, bind: {'01': x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy}}, steps: [{run: k, groups: 1, bind: {a: [x]}}]}}
[]
{command: sh -c true}
{command: []}
{command: ['']}
{command: [[a]]}
{command: [a], compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1}]}}
{command: [a], unknown: 1}
{command: [a], name: a/b}
{command: [a], name: -a}
{command: [a], name: [a]}
{command: [a], writable: 'true'}
{command: [a], writable: 1}
{command: [a], limits: {walls: 1s}}
{command: [a], limits: {wall: 60}}
{command: [a], limits: {wall: -1s}}
{command: [a], limits: {wall: 1.5}}
{command: [a], limits: {memory: 1GB}}
{command: [a], limits: {memory: 64 megs}}
{command: [a], limits: {memory: 0}}
{command: [a], limits: {memory: -1}}
{command: [a], limits: {processes: 0}}
{command: [a], limits: {processes: 1.5}}
{command: [a], limits: [wall]}
{command: [a], bind: /a}
{command: [a], bind: [{target: /a}]}
{command: [a], bind: [{source: a, to: /a}]}
{command: [a], tmpfs: [a]}
{command: [a], env: [A]}
{command: [a], env: {A-B: 1}}
{command: [a], env: {A: [1]}}
{command: [a], net: all}
{command: [a], gpu: some}
{command: [a], gpu: "0,"}
{command: [a], gpu: 12345}
{command: [a], gpu: -1}
{command: [a], seccomp: off}
{command: [a], hostname: a_b}
{command: [a], require: [ram]}
{command: [a], grace: 10}
{command: [a], sample: 10}
{command: [a], report: ''}
{compute: {}}
{compute: {kernels: {k: {shader: a}}}}
{compute: {kernels: {k: {shader: a}}, steps: []}}
{compute: {kernels: {k: a}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {a.b: {shader: a}}, steps: [{run: a.b, groups: 1}]}}
{compute: {kernels: {k: {shader: a, entry: a-b}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, constants: {'-1': 1}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a, constants: {A: b}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1, elements: 1}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 0}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: [1, 1, 1, 1]}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1, repeat: 0}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1, push: [abc]}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1, push: [{f31: 1}]}]}}
{compute: {kernels: {k: {shader: a}}, steps: [{run: k, groups: 1, push: [{f32: 1, u8: 1}]}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f31, shape: [1]}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: [0]}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: []}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy, fill: zeros}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy, sampler: {filter: cubic}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy, sampler: {wrapping: clamp}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: [1], fill: ones}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: [1], fill: {random: -1}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: [1], fill: {random: 1, value: 2}}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: f32, shape: [1], format: npy}}, steps: [{run: k, groups: 1}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {file: a.npy}}, steps: [{run: k, groups: 1}], outputs: {x: {format: npy}}}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, indirect: x}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, indirect: {element: 1}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, until: {buffer: x, below: 1}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, repeat: 3, until: {buffer: x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, repeat: 3, until: {buffer: x, below: 1, above: 2}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, repeat: 3, until: {below: 1}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, repeat: 3, until: {buffer: x, below: 1, every: 0}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{run: k, groups: 1, queue: a.b}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{steps: []}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{repeat: 3}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{clear: x, copy: {from: x, to: x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{clear: x, repeat: 2}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{clear: {value: 2}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{copy: {from: x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{copy: {from: x, to: x, elements: -1}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{check: {buffer: x}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{check: {buffer: x, sha256: abc}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{check: {buffer: x, file: a.npy, max-abs: -1}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{check: {file: a.npy}}]}}
{compute: {kernels: {k: {shader: a}}, buffers: {x: {type: u32, shape: [9]}}, steps: [{check: {buffer: x, sha256: 0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789, max-abs: 1}}]}}
EOF
done_testing
