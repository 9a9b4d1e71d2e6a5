using Iced.Intel;

namespace Ayni.Kernels;

/// <content>The vector instructions that kernels use, each in its VEX form for 256 bits and its EVEX form for 512.</content>
internal sealed partial class KernelAssembler
{
    private bool IsWide => Target.VectorBytes == 64;

    /// <summary>Loads a vector.</summary>
    public void Load(Vector d, Memory a) => Unary(Code.VEX_Vmovups_ymm_ymmm256, Code.EVEX_Vmovups_zmm_k1z_zmmm512, d, a);

    /// <summary>Stores a vector.</summary>
    public void Store(Memory d, Vector a) =>
        Add(Instruction.Create(IsWide ? Code.EVEX_Vmovups_zmmm512_k1z_zmm : Code.VEX_Vmovups_ymmm256_ymm, d.Operand, Name(a)));

    /// <summary>Copies a vector.</summary>
    public void Copy(Vector d, Vector a) => Unary(Code.VEX_Vmovaps_ymm_ymmm256, Code.EVEX_Vmovaps_zmm_k1z_zmmm512, d, a);

    /// <summary>Clears a vector.</summary>
    public void Clear(Vector d) => Binary(Code.VEX_Vpxor_ymm_ymm_ymmm256, Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, d, d, d);

    /// <summary>Fills every 32-bit lane with the same 32 bits of memory.</summary>
    public void Broadcast(Vector d, Memory a) => Unary(Code.VEX_Vpbroadcastd_ymm_xmmm32, Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, d, a);

    /// <summary>Eight or sixteen unsigned bytes, each into a 32-bit lane.</summary>
    public void LoadBytes(Vector d, Memory a) => Unary(Code.VEX_Vpmovzxbd_ymm_xmmm64, Code.EVEX_Vpmovzxbd_zmm_k1z_xmmm128, d, a);

    /// <summary>Eight or sixteen signed bytes, each into a 32-bit lane.</summary>
    public void LoadSignedBytes(Vector d, Memory a) => Unary(Code.VEX_Vpmovsxbd_ymm_xmmm64, Code.EVEX_Vpmovsxbd_zmm_k1z_xmmm128, d, a);

    /// <summary>Eight or sixteen unsigned 16-bit integers, each into a 32-bit lane.</summary>
    public void LoadWords(Vector d, Memory a) => Unary(Code.VEX_Vpmovzxwd_ymm_xmmm128, Code.EVEX_Vpmovzxwd_zmm_k1z_ymmm256, d, a);

    /// <summary>Eight or sixteen F16 numbers, each into a 32-bit lane as a float: exact, subnormal numbers too.</summary>
    public void LoadHalves(Vector d, Memory a)
    {
        if (IsWide)
            Add(Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, Name(d), a.Operand));
        else
            Add(Instruction.Create(Code.VEX_Vcvtph2ps_ymm_xmmm128, Name(d), a.Operand));
    }

    /// <summary>a and b, bit by bit.</summary>
    public void And(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpand_ymm_ymm_ymmm256, Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>a or b, bit by bit.</summary>
    public void Or(Vector d, Vector a, Vector b) => Binary(Code.VEX_Vpor_ymm_ymm_ymmm256, Code.EVEX_Vpord_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>a or b but not both, bit by bit.</summary>
    public void Xor(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpxor_ymm_ymm_ymmm256, Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>16-bit lanes moved right by a number of bits.</summary>
    public void ShiftRightWords(Vector d, Vector a, int bits) =>
        Shift(Code.VEX_Vpsrlw_ymm_ymm_imm8, Code.EVEX_Vpsrlw_zmm_k1z_zmmm512_imm8, d, a, bits);

    /// <summary>32-bit lanes moved right by a number of bits.</summary>
    public void ShiftRightIntegers(Vector d, Vector a, int bits) =>
        Shift(Code.VEX_Vpsrld_ymm_ymm_imm8, Code.EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, d, a, bits);

    /// <summary>32-bit lanes moved left by a number of bits.</summary>
    public void ShiftLeftIntegers(Vector d, Vector a, int bits) =>
        Shift(Code.VEX_Vpslld_ymm_ymm_imm8, Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, d, a, bits);

    /// <summary>Sums of 16-bit lanes, modulo 2¹⁶.</summary>
    public void AddWords(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpaddw_ymm_ymm_ymmm256, Code.EVEX_Vpaddw_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Sums of 32-bit lanes.</summary>
    public void AddIntegers(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpaddd_ymm_ymm_ymmm256, Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>Sums of 32-bit lanes and memory.</summary>
    public void AddIntegers(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vpaddd_ymm_ymm_ymmm256, Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>Products of 32-bit lanes.</summary>
    public void MultiplyIntegers(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmulld_ymm_ymm_ymmm256, Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>Products of 32-bit lanes with memory.</summary>
    public void MultiplyIntegers(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vpmulld_ymm_ymm_ymmm256, Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>The lesser of unsigned bytes.</summary>
    public void MinimumBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpminub_ymm_ymm_ymmm256, Code.EVEX_Vpminub_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Bytes of a looked up by b within each 128 bits.</summary>
    public void Shuffle(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpshufb_ymm_ymm_ymmm256, Code.EVEX_Vpshufb_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Unsigned bytes of a times signed bytes of b, neighbours added into 16 bits with saturation.</summary>
    public void MultiplyAddBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmaddubsw_ymm_ymm_ymmm256, Code.EVEX_Vpmaddubsw_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Signed 16-bit lanes of a times b, neighbours added into 32 bits.</summary>
    public void MultiplyAddWords(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, Code.EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Signed 16-bit lanes of a times memory, neighbours added into 32 bits.</summary>
    public void MultiplyAddWords(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, Code.EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512, d, a, b);

    /// <summary>Adds to each 32-bit lane of d four unsigned bytes of a times four signed bytes of b.</summary>
    public void DotBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpdpbusd_ymm_ymm_ymmm256, Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    /// <summary>
    /// Adds to each 32-bit lane of d two BF16 numbers of a times two of b, first the upper ones, then the lower ones, rounded once each;
    /// subnormal numbers count as zeros and become zeros. On 512 bits only.
    /// </summary>
    public void DotBFloat16(Vector d, Vector a, Vector b) =>
        Add(Instruction.Create(Code.EVEX_Vdpbf16ps_zmm_k1z_zmm_zmmm512b32, Name(d), Name(a), Name(b)));

    /// <summary>32-bit integers as floats.</summary>
    public void ToSingle(Vector d, Vector a) => Unary(Code.VEX_Vcvtdq2ps_ymm_ymmm256, Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, d, a);

    /// <summary>Sums of floats and memory.</summary>
    public void Add(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vaddps_ymm_ymm_ymmm256, Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    /// <summary>Products of floats.</summary>
    public void Multiply(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vmulps_ymm_ymm_ymmm256, Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    /// <summary>Products of floats with memory.</summary>
    public void Multiply(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vmulps_ymm_ymm_ymmm256, Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    /// <summary>Adds a · b to d, rounded once.</summary>
    public void MultiplyAdd(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    /// <summary>Adds a · memory to d, rounded once.</summary>
    public void MultiplyAdd(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    /// <summary>d becomes d · a plus memory, rounded once.</summary>
    public void MultiplyByAndAdd(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    private Register Name(Vector vector)
    {
        if (vector.Number < 0 || vector.Number >= Target.VectorCount)
            throw new InvalidOperationException($"{Target.Name} has no vector register {vector.Number}.");
        return (IsWide ? Register.ZMM0 : Register.YMM0) + vector.Number;
    }

    private void Unary(Code narrow, Code wide, Vector d, Memory a) => Add(Instruction.Create(IsWide ? wide : narrow, Name(d), a.Operand));

    private void Unary(Code narrow, Code wide, Vector d, Vector a) => Add(Instruction.Create(IsWide ? wide : narrow, Name(d), Name(a)));

    private void Binary(Code narrow, Code wide, Vector d, Vector a, Vector b) =>
        Add(Instruction.Create(IsWide ? wide : narrow, Name(d), Name(a), Name(b)));

    private void Binary(Code narrow, Code wide, Vector d, Vector a, Memory b) =>
        Add(Instruction.Create(IsWide ? wide : narrow, Name(d), Name(a), b.Operand));

    private void Shift(Code narrow, Code wide, Vector d, Vector a, int bits) =>
        Add(Instruction.Create(IsWide ? wide : narrow, Name(d), Name(a), bits));
}
