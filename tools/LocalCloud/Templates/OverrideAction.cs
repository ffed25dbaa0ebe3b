namespace LocalCloud;

/// <summary>What a registration does with something that is there already (developer guide, "Provisioning templates", override settings).</summary>
public enum OverrideAction
{
    /// <summary>Leaves it as it is.</summary>
    DoNothing,

    /// <summary>Puts the template's in its place.</summary>
    Replace,

    /// <summary>Adds the template's to it. Only attributes and groups of a thing can be merged.</summary>
    Merge,

    /// <summary>Refuses the registration.</summary>
    Fail,
}
