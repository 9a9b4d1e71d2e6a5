using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>What is computed with whatever tile this machine has for a precision.</summary>
internal interface ITileUser
{
    void Use<TTile>(TTile tile) where TTile : struct, IProductTile;
}

/// <summary>The tiles there are.</summary>
internal static class ProductTiles
{
    /// <summary>Hands over the fastest tile for a precision.</summary>
    public static void Choose<TUser>(ref TUser user, ProductPrecision precision, ComputeContext context)
        where TUser : struct, ITileUser, allows ref struct
    {
        if (precision == ProductPrecision.BF16 && context.Kernels?.FindBFloat16() is { } emitted)
            user.Use(new BFloat16Tile512(emitted));
        else if (precision == ProductPrecision.BF16)
            user.Use(new BFloat16Tile256());
        else if (Vector512.IsHardwareAccelerated)
            user.Use(new ProductTile512());
        else
            user.Use(new ProductTile256());
    }
}
