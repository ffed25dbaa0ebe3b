namespace nanoFramework.TestFramework
{
    /// <summary>A method that runs once, before the first test of its class.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public class SetupAttribute : Attribute
    {
    }
}
