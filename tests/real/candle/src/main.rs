// SPDX-License-Identifier: Apache-2.0
//! candle-job MODEL.safetensors: a small language model's forward pass on the CPU. The file holds the
//! weights, the input and the logits that NumPy computed (see weights.py); they must agree.
use candle_core::{DType, Device, Module, Result, Tensor, D};
use candle_nn::{embedding, layer_norm, linear, ops, Embedding, LayerNorm, Linear, VarBuilder};

const VOCABULARY: usize = 97;
const WIDTH: usize = 64;
const HEADS: usize = 4;
const BLOCKS: usize = 2;

struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    out: Linear,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
}

impl Block {
    fn load(vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            norm1: layer_norm(WIDTH, 1e-5, vb.pp("norm1"))?,
            qkv: linear(WIDTH, 3 * WIDTH, vb.pp("qkv"))?,
            out: linear(WIDTH, WIDTH, vb.pp("out"))?,
            norm2: layer_norm(WIDTH, 1e-5, vb.pp("norm2"))?,
            up: linear(WIDTH, 4 * WIDTH, vb.pp("up"))?,
            down: linear(4 * WIDTH, WIDTH, vb.pp("down"))?,
        })
    }

    fn attention(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let n = x.dim(0)?;
        let qkv = self.qkv.forward(x)?.reshape((n, 3, HEADS, WIDTH / HEADS))?;
        let part = |i: usize| -> Result<Tensor> {
            qkv.narrow(1, i, 1)?.squeeze(1)?.transpose(0, 1)?.contiguous()
        };
        let (q, k, v) = (part(0)?, part(1)?, part(2)?);
        let scale = 1.0 / ((WIDTH / HEADS) as f64).sqrt();
        let scores = (q.matmul(&k.transpose(1, 2)?.contiguous()?)? * scale)?.broadcast_add(mask)?;
        let mixed = ops::softmax(&scores, D::Minus1)?.matmul(&v)?;
        self.out.forward(&mixed.transpose(0, 1)?.contiguous()?.reshape((n, WIDTH))?)
    }

    fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let x = (x + self.attention(&self.norm1.forward(x)?, mask)?)?;
        let hidden = ops::silu(&self.up.forward(&self.norm2.forward(&x)?)?)?;
        x + self.down.forward(&hidden)?
    }
}

fn logits(vb: &VarBuilder, tokens: &Tensor) -> Result<Tensor> {
    let words: Embedding = embedding(VOCABULARY, WIDTH, vb.pp("words"))?;
    let n = tokens.dim(0)?;
    let future: Vec<f32> = (0..n * n)
        .map(|i| if i % n > i / n { f32::NEG_INFINITY } else { 0.0 })
        .collect();
    let mask = Tensor::from_vec(future, (1, n, n), tokens.device())?;
    let mut x = words.forward(tokens)?;
    for i in 0..BLOCKS {
        x = Block::load(vb.pp(format!("blocks.{i}")))?.forward(&x, &mask)?;
    }
    let x = layer_norm(WIDTH, 1e-5, vb.pp("norm"))?.forward(&x)?;
    x.matmul(&words.embeddings().t()?)
}

fn run(path: &str) -> Result<f32> {
    let device = Device::Cpu;
    // The file is ours alone: nobody shortens it while it is mapped.
    let vb = unsafe { VarBuilder::from_mmaped_safetensors(&[path], DType::F32, &device)? };
    let tokens: Vec<u32> = vb.get(16, "tokens")?.to_vec1::<f32>()?.iter().map(|t| *t as u32).collect();
    let tokens = Tensor::new(tokens, &device)?;
    let expected = vb.get((16, VOCABULARY), "expected")?;
    let got = logits(&vb, &tokens)?;
    let best = got.argmax(D::Minus1)?.to_vec1::<u32>()?;
    println!("candle: next tokens {best:?}");
    (got - expected)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: candle-job MODEL.safetensors");
    match run(&path) {
        Ok(error) if error < 2e-4 => println!("candle: OK, 16 x {VOCABULARY} logits as NumPy's"),
        Ok(error) => {
            eprintln!("candle: wrong: the largest difference to NumPy's logits is {error}");
            std::process::exit(1);
        }
        Err(error) => {
            eprintln!("candle: {path}: {error}");
            std::process::exit(1);
        }
    }
}
