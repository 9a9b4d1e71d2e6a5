namespace Ayni.Ledger;

/// <summary>A message that its schema does not allow: a defect of the program, never of its input.</summary>
public sealed class PaymentInitiationDefectException(string batchId, string problem)
    : LedgerException($"The message of {batchId} does not keep to pain.001.001.09: {problem} This is a defect, please report it.");
