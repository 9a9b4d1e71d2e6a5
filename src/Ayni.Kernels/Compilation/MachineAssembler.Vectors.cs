using Iced.Intel;

namespace Ayni.Kernels;

/// <content>The vector instructions that kernels use, each in its VEX form for 256 bits and its EVEX form for 512.</content>
internal sealed partial class MachineAssembler
{
    private bool IsWide => Target.VectorBytes == 64;

    public override void Load(Vector d, Memory a) => Unary(Code.VEX_Vmovups_ymm_ymmm256, Code.EVEX_Vmovups_zmm_k1z_zmmm512, d, a);

    public override void Store(Memory d, Vector a) =>
        Add(Instruction.Create(IsWide ? Code.EVEX_Vmovups_zmmm512_k1z_zmm : Code.VEX_Vmovups_ymmm256_ymm, d.Operand, Name(a)));

    public override void Copy(Vector d, Vector a) => Unary(Code.VEX_Vmovaps_ymm_ymmm256, Code.EVEX_Vmovaps_zmm_k1z_zmmm512, d, a);

    public override void Clear(Vector d) => Binary(Code.VEX_Vpxor_ymm_ymm_ymmm256, Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, d, d, d);

    public override void Broadcast(Vector d, Memory a) => Unary(Code.VEX_Vpbroadcastd_ymm_xmmm32, Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32, d, a);

    public override void LoadBytes(Vector d, Memory a) => Unary(Code.VEX_Vpmovzxbd_ymm_xmmm64, Code.EVEX_Vpmovzxbd_zmm_k1z_xmmm128, d, a);

    public override void LoadSignedBytes(Vector d, Memory a) => Unary(Code.VEX_Vpmovsxbd_ymm_xmmm64, Code.EVEX_Vpmovsxbd_zmm_k1z_xmmm128, d, a);

    public override void LoadWords(Vector d, Memory a) => Unary(Code.VEX_Vpmovzxwd_ymm_xmmm128, Code.EVEX_Vpmovzxwd_zmm_k1z_ymmm256, d, a);

    public override void LoadHalves(Vector d, Memory a)
    {
        if (IsWide)
            Add(Instruction.Create(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, Name(d), a.Operand));
        else
            Add(Instruction.Create(Code.VEX_Vcvtph2ps_ymm_xmmm128, Name(d), a.Operand));
    }

    public override void And(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpand_ymm_ymm_ymmm256, Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void Or(Vector d, Vector a, Vector b) => Binary(Code.VEX_Vpor_ymm_ymm_ymmm256, Code.EVEX_Vpord_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void Xor(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpxor_ymm_ymm_ymmm256, Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void ShiftRightIntegers(Vector d, Vector a, int bits) =>
        Shift(Code.VEX_Vpsrld_ymm_ymm_imm8, Code.EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, d, a, bits);

    public override void ShiftLeftIntegers(Vector d, Vector a, int bits) =>
        Shift(Code.VEX_Vpslld_ymm_ymm_imm8, Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, d, a, bits);

    public override void AddWords(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpaddw_ymm_ymm_ymmm256, Code.EVEX_Vpaddw_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void AddIntegers(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpaddd_ymm_ymm_ymmm256, Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void MultiplyIntegers(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmulld_ymm_ymm_ymmm256, Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void MultiplyIntegers(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vpmulld_ymm_ymm_ymmm256, Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void MinimumBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpminub_ymm_ymm_ymmm256, Code.EVEX_Vpminub_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void Shuffle(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpshufb_ymm_ymm_ymmm256, Code.EVEX_Vpshufb_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void MultiplyAddBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmaddubsw_ymm_ymm_ymmm256, Code.EVEX_Vpmaddubsw_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void MultiplyAddWords(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, Code.EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void MultiplyAddWords(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, Code.EVEX_Vpmaddwd_zmm_k1z_zmm_zmmm512, d, a, b);

    public override void DotBytes(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vpdpbusd_ymm_ymm_ymmm256, Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32, d, a, b);

    public override void DotBFloat16(Vector d, Vector a, Vector b) =>
        Add(Instruction.Create(Code.EVEX_Vdpbf16ps_zmm_k1z_zmm_zmmm512b32, Name(d), Name(a), Name(b)));

    public override void ToSingle(Vector d, Vector a) => Unary(Code.VEX_Vcvtdq2ps_ymm_ymmm256, Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, d, a);

    public override void Add(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vaddps_ymm_ymm_ymmm256, Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void Multiply(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vmulps_ymm_ymm_ymmm256, Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void Multiply(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vmulps_ymm_ymm_ymmm256, Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void MultiplyAdd(Vector d, Vector a, Vector b) =>
        Binary(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void MultiplyAdd(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void MultiplyByAndAdd(Vector d, Vector a, Memory b) =>
        Binary(Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256, Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void MultiplyByAndAdd(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void MultiplyByAndAddEach(Vector d, Vector a, Memory b)
    {
        var instruction = Instruction.Create(Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, Name(d), Name(a), b.Operand);
        instruction.IsBroadcast = true;
        Add(instruction);
    }

    public override void Add(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void Subtract(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void Divide(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void SquareRoot(Vector d, Vector a) =>
        Add(Instruction.Create(Code.EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er, Name(d), Name(a)));

    public override void Maximum(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae, d, a, b);

    public override void Round(Vector d, Vector a)
    {
        const int ToEvenWithoutException = 8;
        Add(Instruction.Create(Code.EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae, Name(d), Name(a), ToEvenWithoutException));
    }

    public override void MultiplyByPower(Vector d, Vector a, Vector b) => Wide(Code.EVEX_Vscalefps_zmm_k1z_zmm_zmmm512b32_er, d, a, b);

    public override void RoundToBFloat16(Vector d, Vector lower, Vector upper) =>
        Wide(Code.EVEX_Vcvtne2ps2bf16_zmm_k1z_zmm_zmmm512b32, d, upper, lower);

    public override void PermuteWords(Vector d, Vector indices, Vector a) => Wide(Code.EVEX_Vpermt2w_zmm_k1z_zmm_zmmm512, d, indices, a);

    public override void StorePast(Memory d, Vector a) =>
        Add(Instruction.Create(Code.EVEX_Vmovntps_m512_zmm, d.Operand, Name(a)));

    public override void Copy(Vector d, Vector a, Mask mask)
    {
        var instruction = Instruction.Create(Code.EVEX_Vmovaps_zmm_k1z_zmmm512, Name(d), Name(a));
        instruction.OpMask = Name(mask);
        Add(instruction);
    }

    public override void Load(Vector d, Memory a, Mask mask)
    {
        var instruction = Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, Name(d), a.Operand);
        instruction.OpMask = Name(mask);
        instruction.ZeroingMasking = true;
        Add(instruction);
    }

    public override void StoreLowerHalf(Memory d, Vector a) =>
        Add(Instruction.Create(Code.EVEX_Vextractf64x4_ymmm256_k1z_zmm_imm8, d.Operand, Name(a), 0));

    public override void StoreUpperHalf(Memory d, Vector a) =>
        Add(Instruction.Create(Code.EVEX_Vextractf64x4_ymmm256_k1z_zmm_imm8, d.Operand, Name(a), 1));

    public override void Load(Mask d, Memory a) => Add(Instruction.Create(Code.VEX_Kmovw_kr_km16, Name(d), a.Operand));

    public override void FindGreater(Mask d, Vector a, Vector b)
    {
        const int GreaterAndOrdered = 0x1e;
        Add(Instruction.Create(Code.EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, Name(d), Name(a), Name(b), GreaterAndOrdered));
    }

    public override void JumpIfNone(Mask a, Mask b, ulong label)
    {
        Add(Instruction.Create(Code.VEX_Kortestw_kr_kr, Name(a), Name(b)));
        Add(Instruction.CreateBranch(Code.Je_rel32_64, label));
    }

    private static Register Name(Mask mask) => Register.K0 + mask.Number;

    private void Wide(Code code, Vector d, Vector a, Vector b) => Add(Instruction.Create(code, Name(d), Name(a), Name(b)));

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
