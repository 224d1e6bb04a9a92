"""A language model of half a megabyte that was never trained: random weights, a byte for a
token.  What it says means nothing; that it is said by a real server does.

    tiny_model.py FILE.gguf       (gguf and numpy)
"""
import sys

import gguf
import numpy

LAYERS, WIDTH, HEADS, INNER, CONTEXT = 2, 64, 4, 128, 32768
TEMPLATE = ("{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
            "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def vocabulary():
    kinds = gguf.TokenType
    yield "<unk>", kinds.UNKNOWN
    yield "<s>", kinds.CONTROL
    yield "</s>", kinds.CONTROL
    for byte in range(256):
        yield "<0x%02X>" % byte, kinds.BYTE
    # Printable characters once more, as the tokens that text is usually made of.
    for code in range(0x21, 0x7F):
        yield chr(code), kinds.NORMAL
    yield "\u2581", kinds.NORMAL


def main():
    random = numpy.random.default_rng(7)
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    tokens, kinds = list(vocabulary()), gguf.TokenType

    def weights(name, *shape):
        writer.add_tensor(name, random.normal(0, 0.08, shape).astype(numpy.float32))

    def ones(name):
        writer.add_tensor(name, numpy.ones(WIDTH, numpy.float32))
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token.encode() for token, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    # One number of the state is large for every token, so that the last layer can
    # make single bytes, which are hardly ever text, unlikely, and the end rare.
    start, end = (random.normal(0, 0.08, (len(tokens), WIDTH)).astype(numpy.float32) for _ in range(2))
    start[:, 0] = 4
    end[:, 0] = [{kinds.NORMAL: 0, kinds.BYTE: -3}.get(kind, -0.3) for _, kind in tokens]
    writer.add_tensor("token_embd.weight", start)
    writer.add_tensor("output.weight", end)
    ones("output_norm.weight")
    for layer in range(LAYERS):
        block = "blk.%d." % layer
        ones(block + "attn_norm.weight")
        ones(block + "ffn_norm.weight")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(block + name + ".weight", WIDTH, WIDTH)
        weights(block + "ffn_gate.weight", INNER, WIDTH)
        weights(block + "ffn_up.weight", INNER, WIDTH)
        weights(block + "ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
