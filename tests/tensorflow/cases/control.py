"""Recurrent layers, loops, conditions and functions."""

from .case import case, raw, v1  # first: it sets how TensorFlow starts

import numpy as np
import tensorflow as tf


@case
def recurrent(f):
    batch, inputs, units, time = 2, 3, 4, 5
    x = f.normal("x", [time, batch, inputs])
    state = f.normal("state", [batch, units])
    hidden = f.normal("hidden", [batch, units])
    w = f.weights([inputs + units, 4 * units])
    peep = [f.weights([units]) for _ in range(3)]
    b = f.weights([4 * units])
    raw.LSTMBlockCell(x=x[0], cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1], wco=peep[2], b=b, use_peephole=True,
                      cell_clip=1.5, name="LSTMBlockCell")
    raw.BlockLSTM(seq_len_max=tf.constant(time, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1],
                  wco=peep[2], b=b, name="BlockLSTM")
    # Behind the last step TensorFlow sets only these two to zero.
    shorter = raw.BlockLSTM(seq_len_max=tf.constant(3, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0],
                            wcf=peep[1], wco=peep[2], b=b, forget_bias=0.5, cell_clip=-1.0)
    tf.identity(shorter.cs, name="shorter_state")
    tf.identity(shorter.h, name="shorter")
    raw.BlockLSTMV2(seq_len_max=tf.constant(time, tf.int64), x=x, cs_prev=state, h_prev=hidden, w=w, wci=peep[0], wcf=peep[1],
                    wco=peep[2], b=b, use_peephole=True, name="BlockLSTMV2")
    raw.GRUBlockCell(x=x[1], h_prev=hidden, w_ru=f.weights([inputs + units, 2 * units]), w_c=f.weights([inputs + units, units]),
                     b_ru=f.weights([2 * units]), b_c=f.weights([units]), name="GRUBlockCell")


def unrolled(f, name):
    """A recurrent layer over a TensorArray, as old Keras and dynamic_rnn write it."""
    x = f.normal("x", [5, 2, 3], "batch")
    w = f.weights([3 + 4, 4])
    steps = tf.shape(x)[0]
    source = tf.TensorArray(tf.float32, steps, element_shape=[2, 3]).unstack(x)
    results = tf.TensorArray(tf.float32, steps, element_shape=[2, 4])

    def body(i, h, out):
        h = tf.tanh(tf.concat([source.read(i), h], 1) @ w)
        return i + 1, h, out.write(i, h)

    i, h, results = tf.while_loop(lambda i, h, out: i < steps, body, [tf.constant(0), tf.zeros([2, 4]), results])
    tf.identity(results.stack(), name=name + "_all")
    tf.identity(h, name=name + "_last")
    tf.identity(i, name=name + "_steps")


@case
def loop_v1(f):
    v1.disable_control_flow_v2()
    unrolled(f, "rnn")
    n = f.add("n", np.array(4, np.int32))
    # A loop inside a loop, and a condition inside that.
    def outer(i, total):
        _, inner = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, tf.cond(tf.equal(j % 2, 0), lambda: t + 2.0 * tf.cast(j, tf.float32),
                                                                                   lambda: t - 1.0)), [tf.constant(0), total])
        return i + 1, inner

    tf.identity(tf.while_loop(lambda i, t: i < n, outer, [tf.constant(0), tf.constant(1.0)])[1], name="nested")
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[], clear_after_read=False)
    _, array = tf.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, tf.cast(i * i, tf.float32))), [tf.constant(0), array])
    tf.identity(array.stack(), name="squares")
    tf.identity(array.size(), name="size")
    tf.identity(array.gather([2, 0]), name="picked")
    pieces = tf.TensorArray(tf.float32, 2, element_shape=[None, 2], infer_shape=False).write(0, tf.ones([1, 2])).write(1, tf.zeros([2, 2]))
    tf.identity(pieces.concat(), name="joined")


@case
def cond_v1(f):
    v1.disable_control_flow_v2()
    x = f.normal("x", [2, 3], "batch")
    flag = f.add("flag", np.array(True))
    other = f.add("other", np.array(False))
    w = f.weights([3, 2])
    y = tf.cond(flag, lambda: x @ w, lambda: x[:, :2] * 3.0)
    tf.identity(y, name="plain")
    a, b = tf.cond(other, lambda: (x + 1.0, tf.constant(1)), lambda: (x - 1.0, tf.constant(2)))
    tf.identity(a, name="first")
    tf.identity(b, name="second")
    z = tf.cond(flag, lambda: tf.cond(other, lambda: x, lambda: tf.cond(flag, lambda: x * 2.0, lambda: x * 5.0)), lambda: -x)
    tf.identity(z, name="nested")
    merged, index = raw.Merge(inputs=[raw.Switch(data=x, pred=other)[0] * 2.0, raw.Switch(data=x, pred=other)[1]])
    tf.identity(merged, name="merged")
    tf.identity(index, name="index")
    tf.identity(tf.cond(tf.reduce_sum(x) > 1000.0, lambda: tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [tf.constant(0)])[0],
                        lambda: tf.constant(7)), name="loop_inside")


def calls(f, n):
    @tf.function
    def branches(a):
        return tf.cond(tf.reduce_sum(a) > 0, lambda: a * 2, lambda: a - 1)

    tf.identity(branches(f.normal("a", [3])), name="called")
    z = f.normal("z", [2])
    tf.identity(tf.switch_case(n - 2, [lambda: z, lambda: z * 2, lambda: z * 3]), name="case")
    tf.identity(tf.switch_case(n + 9, [lambda: z, lambda: z * 2, lambda: z * 3]), name="case_default")
    tf.identity(tf.cond(n > 2, lambda: tf.constant(3), lambda: tf.constant(4)), name="constant")
    values = tf.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.concat([v, v[-1:] * 2], 0)), [tf.constant(0), tf.ones([1])],
                           shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    tf.identity(values[1], name="growing")


@case
def functions(f):
    v1.enable_control_flow_v2()
    unrolled(f, "list")
    n = f.add("n", np.array(4, np.int32))

    calls(f, n)


@case
def stateful(f):
    """The same operators under the names that say that order matters."""
    v1.enable_control_flow_v2()
    calls(f, f.add("n", np.array(4, np.int32)))
    f.renames = {"StatelessWhile": "While", "StatelessIf": "If", "StatelessCase": "Case", "PartitionedCall": "StatefulPartitionedCall"}


@case
def lists(f):
    v1.enable_control_flow_v2()
    x = f.normal("x", [3, 2])
    shape = tf.constant([2])
    made = raw.TensorListFromTensor(tensor=x, element_shape=shape)
    tf.identity(raw.TensorListGetItem(input_handle=made, index=1, element_shape=shape, element_dtype=tf.float32), name="item")
    tf.identity(raw.TensorListLength(input_handle=made), name="length")
    set_ = raw.TensorListSetItem(input_handle=made, index=0, item=x[2])
    tf.identity(raw.TensorListStack(input_handle=set_, element_shape=shape, element_dtype=tf.float32), name="stack")
    empty = raw.EmptyTensorList(element_shape=shape, max_num_elements=-1, element_dtype=tf.float32)
    pushed = raw.TensorListPushBack(input_handle=raw.TensorListPushBack(input_handle=empty, tensor=x[0]), tensor=x[1])
    rest, last = raw.TensorListPopBack(input_handle=pushed, element_shape=shape, element_dtype=tf.float32)
    tf.identity(last, name="last")
    tf.identity(raw.TensorListStack(input_handle=rest, element_shape=shape, element_dtype=tf.float32), name="rest")
    tf.identity(raw.TensorListGather(input_handle=made, indices=[2, 0], element_shape=shape, element_dtype=tf.float32), name="gathered")
    put = raw.TensorListScatterV2(tensor=x, indices=[0, 1, 2], element_shape=shape, num_elements=-1)
    tf.identity(raw.TensorListStack(input_handle=put, element_shape=shape, element_dtype=tf.float32), name="scattered")
    put = raw.TensorListScatter(tensor=x, indices=[0, 1, 2], element_shape=shape)
    tf.identity(raw.TensorListStack(input_handle=put, element_shape=shape, element_dtype=tf.float32), name="scattered_v1")
    zeros = raw.TensorListReserve(element_shape=shape, num_elements=2, element_dtype=tf.float32)
    tf.identity(raw.TensorListStack(input_handle=zeros, element_shape=shape, element_dtype=tf.float32), name="zeros")
    rows = raw.TensorListFromTensor(tensor=tf.reshape(x, [3, 1, 2]), element_shape=[1, 2])
    tf.identity(raw.TensorListConcatV2(input_handle=rows, element_dtype=tf.float32, element_shape=[-1, 2],
                                       leading_dims=tf.constant([], tf.int64)).tensor, name="joined")
    tf.identity(raw.TensorListConcat(input_handle=rows, element_dtype=tf.float32, element_shape=[None, 2]).tensor, name="joined_v1")
