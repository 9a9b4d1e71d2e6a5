namespace Ayni.Ledger;

/// <summary>Who bears what was used free, when a fee, a minimum, a package's remainder or the rest of a credit is divided.</summary>
public enum FreeUse
{
    /// <summary>Everyone who shares: free use counts by its list value, so that it has its part of the money that paid for it.</summary>
    Shared = 0,

    /// <summary>Whoever's use was free: only what was charged counts.</summary>
    Own = 1,
}

/// <summary>Who gets what of a fee nobody used.</summary>
public enum Breakage
{
    /// <summary>Everyone whose work was used, in proportion.</summary>
    Used = 0,

    /// <summary>
    /// The plan's first model, of no app; use has of the fee what it is worth by the list beyond its charges, and no more.
    /// </summary>
    Plan = 1,
}

/// <summary>What a month's fee is in which a subscription begins.</summary>
public enum Proration
{
    /// <summary>The whole fee.</summary>
    None = 0,

    /// <summary>The fee's part for the days left, the first among them, rounded once, half to even; allowances hold in full.</summary>
    Days = 1,
}

/// <summary>
/// The rules by which a plan's flat revenue comes about and reaches models and apps; fixed with the plan, for all to read.
/// </summary>
/// <param name="FreeUse">Who bears free use.</param>
/// <param name="Breakage">Who gets what of a fee was not used.</param>
/// <param name="Proration">What the first month's fee is.</param>
public readonly record struct FlatRules(FreeUse FreeUse, Breakage Breakage, Proration Proration);
